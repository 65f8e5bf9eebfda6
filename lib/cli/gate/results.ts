import { AssertionError } from 'chai'
import { relative } from 'node:path'
import type { PromiseOutcome } from '../../scenario/context.ts'
import type { PromiseResult, Status } from '../../report/document.ts'
import { messageOf } from '../../util/errors.ts'
import { allSuites } from './suites.ts'

/** What a promise came to, as the report has it. */
export function resultOf(outcome: PromiseOutcome, logLines: PromiseResult['logLines']): PromiseResult {
  const { scenario, suite, story, promise, repeat, durationMs, verdict, notes } = outcome
  const status = statusOf(outcome)
  const error = errorOf(outcome, status)
  return {
    scenario,
    suite,
    story,
    promise,
    repeat,
    status,
    durationMs: Math.round(durationMs),
    notes,
    logLines,
    ...(verdict === undefined ? {} : { verdict }),
    ...(outcome.gap === undefined ? {} : { gap: outcome.gap }),
    ...(error === undefined ? {} : { error }),
    ...(allSuites().includes(suite) ? {} : { file: relative('.', outcome.file) }),
  }
}

function statusOf({ notApplicable, skipped, error, verdict, gap }: PromiseOutcome): Status {
  if (notApplicable !== undefined) return 'not applicable'
  if (error !== undefined && !(error instanceof AssertionError)) return 'harness'
  // What was proven before it skipped itself stays proven.
  if (skipped !== undefined) return verdict?.outcome === 'invalid' ? 'broken' : 'skipped'
  // A test that passes has proven nothing by that: only its verdict does, also one that it did not look at.
  if (error === undefined && (verdict?.outcome === 'valid' || gap !== undefined)) return 'kept'
  return verdict === undefined || verdict.outcome === 'unknown' ? 'unknown' : 'broken'
}

function errorOf(outcome: PromiseOutcome, status: Status): string | undefined {
  const { notApplicable, skipped, error, verdict } = outcome
  if (notApplicable !== undefined) return notApplicable
  if (status === 'skipped') return skipped
  if (error !== undefined) return messageOf(error)
  if (status === 'kept') return undefined
  if (verdict === undefined) return 'the promise asked for no verdict'
  return `the promise did not look at its verdict, which is ${verdict.outcome}: ${verdict.reasons.map(({ text }) => text).join('; ')}`
}
