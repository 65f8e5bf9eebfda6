import { unknownWord } from '../util/nearest.ts'
import type { Entry, EntryOf, Fact } from './entries.ts'
import { Past } from './past.ts'

/** What a journal holds for one scenario. */
export interface ScenarioFacts {
  begun: EntryOf<'scenario.begun'>
  /** From its beginning to the line after which nothing is judged: it was settled. */
  judgedEntries: readonly Entry[]
  /** From its beginning to its end. */
  ownEntries: readonly Entry[]
  /** The whole journal up to that line. It goes on when a later scenario is asked for: use it before. */
  past: Past
  settled: EntryOf<'settled'> | undefined
  /** The last reading of the database before that line. */
  reading: EntryOf<'database.read'> | undefined
  /** What the suite asked for. */
  asked: EntryOf<'judged'> | undefined
}

/** The entries of one kind, in order. */
export const ofKind = <Kind extends Fact['kind']>(entries: readonly Entry[], kind: Kind): EntryOf<Kind>[] =>
  entries.filter((entry): entry is EntryOf<Kind> => entry.kind === kind)

/** Where a scenario stands in a journal. */
interface Place {
  begun: EntryOf<'scenario.begun'>
  from: number
  /** With its own end, or the next one's beginning; undefined: it goes on. */
  end?: number
}

/**
 * The scenarios of a journal, which may still be growing. Asked for in their order, they all together cost one pass
 * over it.
 */
export class Scenarios {
  readonly #entries: readonly Entry[]
  readonly #places = new Map<string, Place>()
  #current: Place | undefined
  /** Entries in which scenarios were looked for. */
  #looked = 0
  #past = new Past()

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  list(): EntryOf<'scenario.begun'>[] {
    this.#look()
    return [...this.#places.values()].map(({ begun }) => begun)
  }

  has(scenario: string): boolean {
    this.#look()
    return this.#places.has(scenario)
  }

  /** @throws {UsageError} when the journal has no such scenario. */
  factsOf(scenario: string): ScenarioFacts {
    this.#look()
    const place = this.#places.get(scenario)
    if (!place) throw unknownWord('scenario', scenario, [...this.#places.keys()])
    const { begun, from, end } = place
    const ownEntries = this.#entries.slice(from, end)
    const asked = ofKind(ownEntries, 'judged').at(-1)
    const beforeAsked = asked ? ownEntries.slice(0, ownEntries.indexOf(asked)) : ownEntries
    const settled = ofKind(beforeAsked, 'settled').at(-1)
    const judgedEntries = settled ? ownEntries.slice(0, ownEntries.indexOf(settled) + 1) : beforeAsked
    return {
      begun,
      judgedEntries,
      ownEntries,
      past: this.#pastUntil(from + judgedEntries.length),
      settled,
      reading: ofKind(judgedEntries, 'database.read').at(-1),
      asked,
    }
  }

  #look(): void {
    for (; this.#looked < this.#entries.length; this.#looked += 1) {
      const entry = this.#entries[this.#looked]
      if (entry?.kind === 'scenario.begun') this.#begin(entry)
      else if (entry?.kind === 'scenario.ended' || entry?.kind === 'run.ended') this.#end()
    }
  }

  #begin(begun: EntryOf<'scenario.begun'>): void {
    this.#end()
    this.#current = { begun, from: this.#looked }
    if (!this.#places.has(begun.scenario)) this.#places.set(begun.scenario, this.#current)
  }

  #end(): void {
    if (this.#current) this.#current.end ??= this.#looked
  }

  /** What has gone by cannot be taken back: an earlier scenario than the last one begins again. */
  #pastUntil(length: number): Past {
    if (this.#past.length > length) this.#past = new Past()
    for (const entry of this.#entries.slice(this.#past.length, length)) this.#past.see(entry)
    return this.#past
  }
}
