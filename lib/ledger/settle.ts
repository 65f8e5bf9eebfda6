import type { BrokerRead, DatabaseRead } from './entries.ts'
import { isBookkeeping } from './movers.ts'
import { isTerminal } from './tree.ts'

/** A reading with its time in the journal. */
export type Reading = DatabaseRead & { at: number }

/** For how long readings must have been equal: if every execution is terminal, and otherwise. */
const STEADY_TERMINAL_MS = 1_000
export const STEADY_OPEN_MS = 15_000

export interface SettlingLook {
  /** The scenario's readings of the database, in order. */
  readings: readonly Reading[]
  /** The last reading of the broker. */
  broker: BrokerRead | undefined
  /** Bytes still held in the lanes. */
  bytesHeld: number
  /** Faults that are on and should have ended. */
  faultsOn: readonly string[]
  /** What was asked for: an execution without a row may still get one. */
  executions?: readonly string[]
}

/**
 * What is still missing until the system has come to rest; empty: it has. Whether the waiting may also stop
 * depends on how the executions stand, see `standingsOf`.
 */
export function unsettled({
  readings,
  broker,
  bytesHeld,
  faultsOn,
  executions = [],
}: SettlingLook): string[] {
  const missing = faultsOn.map((fault) => `fault ${fault} is still on`)
  if (bytesHeld > 0) missing.push(`${bytesHeld} bytes are held in the lanes`)
  const steady = settledFor(readings)
  for (const { name, ready, unacked, consumers } of broker?.queues ?? []) {
    if (consumers === 0 || ready + unacked === 0) continue
    // What a consumer neither works on nor acknowledges is no work that is under way: it is held for good.
    if (ready === 0 && steady >= STEADY_OPEN_MS) continue
    missing.push(`queue ${name} has ${ready} messages ready and ${unacked} unacked`)
  }
  if (!broker) missing.push('the broker was not read')
  const last = readings.at(-1)
  if (!last) return [...missing, 'the database was not read']
  const terminal = new Set(last.executions.filter(isTerminal).map(({ id }) => id))
  const over = terminal.size === last.executions.length && executions.every((id) => terminal.has(id))
  const needed = over && terminal.size > 0 ? STEADY_TERMINAL_MS : STEADY_OPEN_MS
  if (steady < needed) {
    missing.push(`the database was the same for ${Math.floor(steady)} ms only, not ${needed} ms`)
  }
  return missing
}

/** For how many milliseconds the last readings have been the same. */
export function settledFor(readings: readonly Reading[]): number {
  const last = readings.at(-1)
  if (!last) return 0
  const before = readings.findLastIndex((reading) => !sameEssence(reading, last))
  return last.at - (readings[before + 1]?.at ?? last.at)
}

/** Whether two readings differ in nothing but what changes while nothing happens. */
export const sameEssence = (one: DatabaseRead, other: DatabaseRead): boolean =>
  essence(one) === essence(other)

/** A reading without what changes while nothing happens: ages, heartbeats and the schedulers' bookkeeping. */
function essence({ executions, tasks, actions, jobs }: DatabaseRead): string {
  return JSON.stringify(
    [
      executions.map(({ id, state, stateInfo }) => [id, state, stateInfo]),
      tasks.map(({ id, state, processed }) => [id, state, processed]),
      actions.map(({ id, state, accepted }) => [id, state, accepted]),
      jobs.filter((job) => !isBookkeeping(job)).map(({ id }) => [id]),
    ].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted()),
  )
}
