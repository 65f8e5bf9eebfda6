/** Questions about results that more than one output asks. */
import type { FaultReport, Finding } from '../ledger/verdict-document.ts'
import type { PromiseResult, ReportDocument, Status } from './document.ts'
import { plural } from './text.ts'

export interface Tally {
  passed: number
  /** Broken, unknown or the harness's error; an error of the harness that belongs to no promise counts too. */
  failed: number
  /** Left out: not applicable, or skipped by the suite. */
  skipped: number
}

export function tally({
  promises,
  harnessErrors,
}: Pick<ReportDocument, 'promises' | 'harnessErrors'>): Tally {
  const skipped = promises.filter(isLeftOut).length
  const failed = promises.filter(hasFailed).length
  return { passed: promises.length - failed - skipped, failed: failed + harnessErrors.length, skipped }
}

export const tallyText = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

export const hasFailed = ({ status }: PromiseResult): boolean =>
  status === 'broken' || status === 'unknown' || status === 'harness'

export const isLeftOut = ({ status }: PromiseResult): boolean =>
  status === 'not applicable' || status === 'skipped'

/** `invalid: 1 broken, 2 unknown`. */
export function outcomeText({
  exitCode,
  promises,
  harnessErrors,
}: Pick<ReportDocument, 'exitCode' | 'promises' | 'harnessErrors'>): string {
  const word = { 0: 'valid', 1: 'invalid', 2: 'unknown', 130: 'interrupted' }[exitCode]
  const count = (status: Status): number => promises.filter((promise) => promise.status === status).length
  const harness = count('harness') + harnessErrors.length
  const told = [
    ...(count('broken') > 0 ? [`${count('broken')} broken`] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} unknown`] : []),
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
    ...(harness > 0 ? [plural(harness, 'harness error')] : []),
  ]
  if (exitCode === 2 && told.length === 0) told.push('no promise applied')
  return told.length > 0 ? `${word}: ${told.join(', ')}` : word
}

const GRAVITY: Record<Status, number> = {
  broken: 0,
  harness: 1,
  unknown: 2,
  skipped: 3,
  kept: 4,
  'not applicable': 5,
}

/** The gravest first; equal ones stay in their order. */
export const worstFirst = (promises: readonly PromiseResult[]): PromiseResult[] =>
  promises.toSorted((a, b) => GRAVITY[a.status] - GRAVITY[b.status])

/** A scenario without its repetition: `rabbitmq-down/1`. */
export const scenarioOf = ({ scenario }: PromiseResult): string => scenario.replace(/@\d+$/, '')

/** The repetitions of each promise, in the order in which the promises first ended. */
export const byPromise = (promises: readonly PromiseResult[]): PromiseResult[][] => [
  ...Map.groupBy(promises, scenarioOf).values(),
]

/** Why a promise was left out: `needs 2 executors`. */
export const whyLeftOut = ({ error, notes }: PromiseResult): string =>
  (error ?? notes.join('; ')).replace(/^not applicable: */, '')

/** Seconds until recovery, one for each execution and fault. */
export const recoveriesFrom = (faults: readonly FaultReport[]): number[] =>
  faults.flatMap(({ recovery }) => (recovery ? Object.values(recovery.perExecution) : []))

export const recoveriesOf = (promises: readonly PromiseResult[]): number[] =>
  promises.flatMap(({ verdict }) => recoveriesFrom(verdict?.faults ?? []))

export const stuckIn = ({ verdict }: PromiseResult): Finding[] => verdict?.findings.stuck ?? []
