import type { ActionRow, Entry } from '../../ledger/entries.ts'
import { Scenarios, type ScenarioFacts } from '../../ledger/facts.ts'
import { strikesOn } from '../../ledger/messages/message-strikes.ts'

/** A journal that somebody has falsified, in one place. */
export interface Mutation {
  what: string
  /** Ids of what it was about: the verdict must name one of them. */
  about: string[]
  entries: Entry[]
}

/** One that may make no difference. */
export interface StrikeMutation extends Mutation {
  mayPass: boolean
}

const factsOf = (entries: readonly Entry[], scenario: string): ScenarioFacts =>
  new Scenarios(entries).factsOf(scenario)

type How = 'removed' | 'doubled'
const HOW: readonly How[] = ['removed', 'doubled']

const renumbered = (entries: readonly Entry[]): Entry[] =>
  entries.map((entry, index) => ({ ...entry, ordinal: index + 1 }))

/** Every publish, delivery, ack and effect of what a scenario judges, removed and doubled. */
export function* entryMutations(entries: readonly Entry[], scenario: string): Generator<Mutation> {
  const about = aboutEntries(entries, scenario)
  for (const [index, entry] of entries.entries()) {
    const ids = about.get(entry.ordinal)
    if (!ids) continue
    for (const how of HOW) {
      const mutated = how === 'removed' ? entries.toSpliced(index, 1) : entries.toSpliced(index, 0, entry)
      yield {
        what: `entry ${entry.ordinal}, ${entry.kind}, ${how}`,
        about: ids,
        entries: renumbered(mutated),
      }
    }
  }
}

/** What each publish, delivery, ack and effect is about, by its ordinal. */
function aboutEntries(entries: readonly Entry[], scenario: string): Map<number, string[]> {
  const { past, judgedEntries, reading } = factsOf(entries, scenario)
  const about = new Map<number, string[]>()
  for (const { call, sends, deliveries } of past.traffic.messages.values()) {
    for (const { ordinal } of [...sends, ...deliveries]) about.set(ordinal, [call.identity])
    for (const { answer } of deliveries) if (answer) about.set(answer.ordinal, [call.identity])
  }
  const byMark = new Map<string | null, ActionRow>(reading?.actions.map((row) => [row.attempt, row]))
  for (const entry of judgedEntries) {
    if (entry.kind !== 'effect.arrived') continue
    const { attempt, execution, task } = entry
    about.set(entry.ordinal, [byMark.get(attempt)?.id ?? attempt, `${execution}/${task}`])
  }
  return about
}

/** Every entry of what was taken out of a message's way, let go or put in, removed and doubled. */
export function* strikeMutations(entries: readonly Entry[], scenario: string): Generator<StrikeMutation> {
  const about = new Map<number, string>()
  for (const message of factsOf(entries, scenario).past.freshMessages()) {
    const { call, sends, deliveries } = message
    for (const { ordinal } of strikesOn(message)) about.set(ordinal, call.identity)
    for (const { held } of [...sends, ...deliveries])
      if (held?.released) about.set(held.released.ordinal, call.identity)
  }
  for (const [index, entry] of entries.entries()) {
    const identity = about.get(entry.ordinal)
    if (identity === undefined) continue
    const isAnswer = entry.kind === 'message.confirmed' || entry.kind === 'message.acked'
    for (const how of HOW) {
      const mutated = how === 'removed' ? entries.toSpliced(index, 1) : entries.toSpliced(index, 0, entry)
      yield {
        what: `entry ${entry.ordinal}, ${entry.kind}, ${how}`,
        about: [identity],
        entries: renumbered(mutated),
        // A confirm that is put in is for the publisher's ears alone, and an answer may well be put in twice.
        mayPass: isAnswer && (how === 'doubled' || entry.kind === 'message.confirmed'),
      }
    }
  }
}

const TABLES = ['executions', 'tasks', 'actions'] as const

/** Every row of the final reading removed and doubled: in it alone, and in all readings that have it. */
export function* rowMutations(entries: readonly Entry[], scenario: string): Generator<Mutation> {
  const { reading } = factsOf(entries, scenario)
  if (!reading) throw new Error('there is no final reading')
  for (const table of TABLES)
    for (const { id } of reading[table])
      for (const how of HOW)
        for (const where of ['the final reading', 'all readings'] as const) {
          const mutate = <R extends { id: string }>(rows: R[]): R[] =>
            rows.flatMap((row) => {
              if (row.id !== id) return [row]
              return how === 'removed' ? [] : [row, row]
            })
          yield {
            what: `${id} of ${table} ${how} in ${where}`,
            about: [id],
            entries: entries.map((entry): Entry => {
              if (entry.kind !== 'database.read') return entry
              if (where === 'the final reading' && entry.ordinal !== reading.ordinal) return entry
              const { executions, tasks, actions } = entry
              const rows = { executions, tasks, actions }
              return { ...entry, ...rows, [table]: mutate<{ id: string }>(rows[table]) }
            }),
          }
        }
}

/** Every two neighbours of a scenario that were seen on different connections, in each other's place. */
export function* swaps(entries: readonly Entry[], scenario: string): Generator<Mutation> {
  const { judgedEntries } = factsOf(entries, scenario)
  const from = entries.findIndex(({ ordinal }) => ordinal === judgedEntries[0]?.ordinal)
  for (let index = from; index < from + judgedEntries.length - 1; index += 1) {
    const [first, second] = [entries[index], entries[index + 1]]
    if (!first || !second || !areApart(first, second)) continue
    // Times go on in their order, as ordinals do.
    const swapped = entries
      .with(index, { ...second, ordinal: first.ordinal, at: first.at })
      .with(index + 1, { ...first, ordinal: second.ordinal, at: second.at })
    yield { what: `entries ${first.ordinal} and ${second.ordinal} swapped`, about: [], entries: swapped }
  }
}

function areApart(first: Entry, second: Entry): boolean {
  if (!('connection' in first) || !('connection' in second)) return false
  return first.link !== second.link || first.connection !== second.connection
}
