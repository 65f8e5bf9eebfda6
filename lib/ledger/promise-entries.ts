/** What a journal says of promises: what a suite asked of the verdict, and what it came to beside it. */
import type { Rpc } from './entries.ts'

/** The words that a suite may allow by name. */
export type AllowedWord =
  | 'failed'
  | 'waiting'
  | 'late'
  | 'stuck'
  | 'lost'
  | 'duplicated'
  | 'repeated'
  | 'parked'
  | 'unexpected'
  | 'notStarted'

/** What a suite asked of the verdict: with it the judging can be done again from the journal alone. */
export interface Judged {
  kind: 'judged'
  scenario: string
  /** The state in which each execution is to end. Default SUCCESS. */
  expect: 'SUCCESS' | 'ERROR'
  allow: AllowedWord[]
  /** Identities of messages that its faults were made to strike, of which anything is allowed. */
  struck?: string[]
  /** Those faults: with a node that one of them killed, what it had in hand may be lost. */
  struckBy?: string[]
  /** The scenario has no fault on purpose (the control suite). */
  faultless: boolean
}

/** A known gap that applies here, which the suite holds its verdict against; the patterns as people write them: `/…/`. */
export interface GapExpected {
  kind: 'gap.expected'
  scenario: string
  name: string
  because: string
  breaks: { word: AllowedWord; text: string; evidence: string[]; optional?: true }[]
  rpc: Rpc[]
  mistral: number[]
  seen: 'forced' | `${number} of ${number}`
}

/** What a promise came to beside its verdict, also one that never began. */
export interface PromiseEnded {
  kind: 'promise.ended'
  scenario: string
  suite: string
  promise: string
  /** Sizes that the cluster lacks. */
  notApplicable?: string
  /** Why its suite did not let it run, or that it took itself out. */
  skipped?: string
  /** What made its test fail; what is no assertion says nothing of Mistral. */
  failed?: { text: string; assertion: boolean }
}
