import { unknownWord } from '../util/nearest.ts'
import type { Entry, Fact, Graph, Timeouts } from './entries.ts'

export type EntryOf<Kind extends Fact['kind']> = Extract<Entry, { kind: Kind }>

/** What a journal holds for one scenario. */
export interface ScenarioFacts {
  begun: EntryOf<'scenario.begun'>
  /** From its beginning to the line after which nothing is judged: it was settled. */
  judgedEntries: readonly Entry[]
  /** From its beginning to its end. */
  ownEntries: readonly Entry[]
  /** The whole journal up to that line: the run's facts and what earlier scenarios started. */
  earlierEntries: readonly Entry[]
  settled: EntryOf<'settled'> | undefined
  /** The last reading of the database before that line. */
  reading: EntryOf<'database.read'> | undefined
  /** What the suite asked for. */
  asked: EntryOf<'judged'> | undefined
  timeouts: Timeouts | undefined
  graphs: ReadonlyMap<string, Graph>
}

/** The entries of one kind, in order. */
export const ofKind = <Kind extends Fact['kind']>(entries: readonly Entry[], kind: Kind): EntryOf<Kind>[] =>
  entries.filter((entry): entry is EntryOf<Kind> => entry.kind === kind)

export const scenariosOf = (entries: readonly Entry[]): EntryOf<'scenario.begun'>[] =>
  ofKind(entries, 'scenario.begun')

/** @throws {UsageError} when the journal has no such scenario. */
export function factsOf(entries: readonly Entry[], scenario: string): ScenarioFacts {
  const begun = scenariosOf(entries).find((entry) => entry.scenario === scenario)
  if (!begun) {
    throw unknownWord(
      'scenario',
      scenario,
      scenariosOf(entries).map((entry) => entry.scenario),
    )
  }
  const from = entries.indexOf(begun)
  const ownEntries = entries.slice(from, endOf(entries, from))
  const asked = ofKind(ownEntries, 'judged').at(-1)
  const beforeAsked = asked ? ownEntries.slice(0, ownEntries.indexOf(asked)) : ownEntries
  const settled = ofKind(beforeAsked, 'settled').at(-1)
  const judgedEntries = settled ? ownEntries.slice(0, ownEntries.indexOf(settled) + 1) : beforeAsked
  const earlierEntries = entries.slice(0, from + judgedEntries.length)
  return {
    begun,
    judgedEntries,
    ownEntries,
    earlierEntries,
    settled,
    reading: ofKind(judgedEntries, 'database.read').at(-1),
    asked,
    timeouts: ofKind(earlierEntries, 'run.begun').at(-1)?.timeouts,
    graphs: new Map(
      ofKind(earlierEntries, 'workflow.defined').map(({ workflow, graph }) => [workflow, graph]),
    ),
  }
}

/** A scenario ends with its own end, with the next one's beginning, or with the journal. */
function endOf(entries: readonly Entry[], from: number): number {
  const end = entries.findIndex(
    ({ kind }, index) =>
      index > from && (kind === 'scenario.ended' || kind === 'scenario.begun' || kind === 'run.ended'),
  )
  return end === -1 ? entries.length : end
}

/** The first entry whose ordinal is not the previous one's successor. */
export const holeIn = (entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ ordinal }, index) => ordinal !== index + 1)
