/** The gate's own answer, as its journal has it: what it wrote, and what follows from that alone. */
import { AssertionError } from 'chai'
import type { Entry, RunEnded } from '../../ledger/entries.ts'
import type { PromiseEnded } from '../../ledger/promise-entries.ts'
import { ofKind, Scenarios } from '../../ledger/facts.ts'
import { judgeFacts } from '../../ledger/verdict.ts'
import { exitCode, type ExitCode } from '../../report/exit-code.ts'
import type { PromiseResult } from '../../report/document.ts'
import type { PromiseOutcome } from '../../scenario/context.ts'
import { gapOutcome } from '../../scenario/gaps.ts'
import { gapFrom } from '../../scenario/journaled-gap.ts'
import { messageOf } from '../../util/errors.ts'
import { resultOf } from './results.ts'

/** What the journal says of a promise that has ended, beside what its verdict follows from. */
export function promiseEnded(outcome: PromiseOutcome): PromiseEnded {
  const { scenario, suite, promise, notApplicable, skipped, error } = outcome
  return {
    kind: 'promise.ended',
    scenario,
    suite,
    promise,
    ...(notApplicable === undefined ? {} : { notApplicable }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(error === undefined
      ? {}
      : { failed: { text: messageOf(error), assertion: error instanceof AssertionError } }),
  }
}

/** The answer of a gate, judged again. */
export interface JournaledRun {
  promises: PromiseResult[]
  harnessErrors: string[]
  interrupted: boolean
  exitCode: ExitCode
}

/**
 * Judges a run again from its journal alone.
 * @param broken where the journal cannot be trusted any more, and why: then the run proves nothing.
 */
export function judgeRun(entries: readonly Entry[], broken?: string): JournaledRun {
  const ended = ofKind(entries, 'promise.ended')
  const told = new Set(ended.map(({ scenario }) => scenario))
  const scenarios = new Scenarios(entries)
  const untold = scenarios.list().filter(({ scenario }) => !told.has(scenario))
  const promises = [...ended, ...untold].map((one) => resultOf(outcomeFrom(scenarios, one), []))
  const last = ofKind(entries, 'run.ended').at(-1)
  const harnessErrors = harnessErrorsOf(last, broken)
  const run = { promises, harnessErrors, interrupted: last?.interrupted ?? false }
  return { ...run, exitCode: broken === undefined ? exitCode(run) : 2 }
}

function harnessErrorsOf(last: RunEnded | undefined, broken: string | undefined): string[] {
  if (broken !== undefined) return [`the journal is broken at ${broken}; what follows is not judged`]
  return last ? (last.harnessErrors ?? []) : ['the journal ends before the run did']
}

function outcomeFrom(scenarios: Scenarios, told: Omit<PromiseEnded, 'kind'>): PromiseOutcome {
  const { scenario, suite, promise, notApplicable, skipped, failed } = told
  const outcome: PromiseOutcome = {
    scenario,
    suite,
    promise,
    file: '',
    story: '',
    repeat: 1,
    durationMs: 0,
    notes: [],
    ...(notApplicable === undefined ? {} : { notApplicable }),
    ...(skipped === undefined ? {} : { skipped }),
  }
  if (failed !== undefined)
    outcome.error = failed.assertion ? new AssertionError(failed.text) : new Error(failed.text)
  // One that was left out has not begun.
  if (!scenarios.has(scenario)) return outcome
  const facts = scenarios.factsOf(scenario)
  const { asked, ownEntries } = facts
  if (asked === undefined) return outcome
  const verdict = judgeFacts(facts)
  // One that was held against an earlier verdict says nothing of the last.
  const expected = ofKind(ownEntries, 'gap.expected').findLast(({ ordinal }) => ordinal > asked.ordinal)
  const gap = expected && gapOutcome(gapFrom(expected), verdict)
  return { ...outcome, verdict, ...(gap === undefined ? {} : { gap }) }
}
