import type { EntryOf } from './entries.ts'
import type { ScenarioFacts } from './facts.ts'
import { ofKind } from './facts.ts'
import { inSeconds } from '../util/clock.ts'

export type Arrival = EntryOf<'effect.arrived'>

export interface Arrivals {
  /** Of executions that this scenario asked for. */
  own: Arrival[]
  /** Of executions that an earlier scenario of the run asked for, with that scenario. */
  leftover: { arrival: Arrival; scenario: EntryOf<'scenario.begun'> }[]
  /** Of executions that nobody asked for. */
  foreign: Arrival[]
}

/** Whose effects arrived while the scenario ran. */
export function arrivalsOf({ begun, judgedEntries, past: { owners } }: ScenarioFacts): Arrivals {
  const arrivals: Arrivals = { own: [], leftover: [], foreign: [] }
  for (const arrival of ofKind(judgedEntries, 'effect.arrived')) {
    const scenario = owners.get(arrival.root) ?? owners.get(arrival.execution)
    if (!scenario) arrivals.foreign.push(arrival)
    else if (scenario === begun) arrivals.own.push(arrival)
    else arrivals.leftover.push({ arrival, scenario })
  }
  return arrivals
}

/** `EXECUTION/TASK[INDEX]`; the index is left out where a task has no items. */
export const itemId = (execution: string, task: string, item?: number): string =>
  `${execution}/${task}${item === undefined ? '' : `[${item}]`}`

/** `entry 12: effect 3 arrived after 4.2 s, attempt 8c1…` */
export const told = ({ ordinal, effect, at, attempt }: Arrival): string =>
  `entry ${ordinal}: effect ${effect} arrived after ${inSeconds(at)}, attempt ${attempt}`

/** Arrivals of the same attempt: one key for what must run once. */
export const attemptKey = ({ execution, task, item, attempt }: Arrival): string =>
  JSON.stringify([execution, task, item, attempt])
