import type { Verdict } from '../ledger/verdict-document.ts'
import { HarnessError } from '../util/errors.ts'
import type { Session } from './session.ts'

/** open: it broke as known. closed: it did not. may break: it cannot be forced yet, and either is as known. */
export interface KnownGapOutcome {
  name: string
  state: 'open' | 'closed' | 'may break'
  text: string
}

/** What one promise came to, for whoever makes the report. */
export interface PromiseOutcome {
  scenario: string
  suite: string
  /** The suite's file. */
  file: string
  /** Titles of the `describe` and of the `it`. */
  story: string
  promise: string
  repeat: number
  durationMs: number
  verdict?: Verdict
  /** A promise that this Mistral is known to break, and whether it did. */
  gap?: KnownGapOutcome
  /** Sizes that the cluster lacks: the promise was not run. */
  notApplicable?: string
  /** Why the suite did not let it run, or that it took itself out. */
  skipped?: string
  /** What made the promise's test fail. */
  error?: unknown
  /** Nodes that were replaced before it, executions that an earlier suite left. */
  notes: string[]
}

/** The run that suites are loaded into: a suite's file has no other way to the cluster. */
export interface SuiteContext {
  session: Session
  /** 1, 2 … under `--repeat`. */
  repeat: number
  report(outcome: PromiseOutcome): void
}

let current: SuiteContext | undefined

export function enterContext(context: SuiteContext): void {
  current = context
}

/** @throws {HarnessError} outside a gate: a suite cannot be run by mocha alone. */
export function context(): SuiteContext {
  if (current === undefined) throw new HarnessError('a suite runs inside a gate: npm start -- SUITE')
  return current
}
