/**
 * What the verdict says: the part of the report that is computed from the journal alone.
 * The words are those of the design's page on the verdict.
 */
import type { AllowedWord } from './promise-entries.ts'

/** What is said of an execution, an item, a queue …; all but the first and the last must be allowed by name. */
export type Word = 'finished' | AllowedWord | 'recovered'

/** Every word, in the order in which reports list them: the gravest first, then what went well. */
export const WORDS: readonly Word[] = [
  'lost',
  'duplicated',
  'stuck',
  'failed',
  'late',
  'waiting',
  'notStarted',
  'unexpected',
  'repeated',
  'parked',
  'recovered',
  'finished',
]

export type Outcome = 'valid' | 'invalid' | 'unknown'

/**
 * Why nothing can be said, or less than was promised:
 * journal: the journal itself has a hole or lacks the run's beginning; harness: something of ours or a
 * service broke; unsettled: it was judged before it had come to rest; evidence: a fact is missing;
 * effects: none arrived though the workflows should cause some; fault: it proved nothing; nothing: no execution was started.
 */
export type Doubt = 'journal' | 'harness' | 'unsettled' | 'evidence' | 'effects' | 'fault' | 'nothing'

export type Reason =
  | { outcome: 'invalid'; word: AllowedWord; text: string; ids: string[] }
  | { outcome: 'unknown'; word: Doubt; text: string; ids: string[] }

export type FindingObject = 'execution' | 'task' | 'item' | 'action' | 'queue' | 'effect' | 'node' | 'message'

export interface Finding {
  object: FindingObject
  /** Mistral's id where it has one; a queue's or node's name; `EXECUTION/TASK[INDEX]` of an item. */
  id: string
  /** The judged (root) execution that it belongs to, where there is one. */
  execution?: string
  text: string
  /** What shows it, with the ordinals of the journal's entries where they do. */
  evidence: string[]
  /** The suite allows this word. */
  allowed: boolean
}

/** Something that an earlier suite left behind and that showed itself during this one. */
export interface Leftover {
  scenario: string
  suite: string
  finding: Finding
}

export interface Counts {
  executions: {
    /** Asked for by this scenario. */
    started: number
    /** Answered 201. */
    accepted: number
    /** Of those started: how each stands, each in exactly one of these. */
    finished: number
    failed: number
    waiting: number
    late: number
    stuck: number
    /** No row when settled; a lost one had been answered 201. */
    notStarted: number
    lost: number
  }
  items: { owed: number; ranZero: number }
  /** Attempts of all items; the runs of those that call the effects endpoint are counted, others leave no trace. */
  attempts: { total: number; ranOnce: number; ranMore: number }
  /** Effects that arrived; owed items that should cause one, and those of them that did. */
  effects: { arrived: number; expected: number; covered: number }
  messages: MessageCounts
}

/** Judged messages, each in exactly one of the words below; all 0 in a run whose links were not read. */
export interface MessageCounts {
  judged: number
  done: number
  moot: number
  lost: number
  duplicated: number
  parked: number
  unknown: number
}

export interface FaultReport {
  fault: string
  text: string
  /** Links and nodes that it was set on. */
  armed: number
  /** Those that carried business traffic or had work in hand while it lasted. */
  matched: number
  /** Those on which it did something: delayed, dropped, cut, signalled. */
  applied: number
  /** Executions that were under way, with work owed, at its start and, if it ended before the judging, at its end. */
  victims: string[]
  /** Why it proved nothing; empty: it proved something. */
  whyNot: string[]
  /** null: it proved nothing, or no execution recovered from it. */
  recovery: Recovery | null
}

/** Seconds from the end of the fault until each execution that was RUNNING at its start was terminal. */
export interface Recovery {
  perExecution: Record<string, number>
  min: number
  median: number
  max: number
}

export interface Verdict {
  scenario: string
  suite: string
  promise: string
  outcome: Outcome
  /** Everything that speaks against `valid`, the deciding ones first. */
  reasons: Reason[]
  counts: Counts
  findings: Record<Word, Finding[]>
  faults: FaultReport[]
  leftovers: Leftover[]
}
