import type { Arrival } from '../effects.ts'
import type { ActionRow, EntryOf, ExecutionRow, QueueRow, TaskRow } from '../entries.ts'
import { ofKind, type ScenarioFacts } from '../facts.ts'
import { readyBefore } from '../surroundings.ts'
import { isTerminal } from '../tree.ts'

/** What the other sources say, besides the wire: the database, the effects, the broker and the nodes' lives. */
export interface World {
  execution(id: string): ExecutionRow | undefined
  task(id: string): TaskRow | undefined
  action(id: string): ActionRow | undefined
  /** Everything that a task started. */
  actionsOf(task: string): ActionRow[]
  childrenOf(task: string): ExecutionRow[]
  /** The judged execution that an execution, task or action belongs to, also of earlier scenarios. */
  rootOf(id: string): string | undefined
  /** Physical runs of an action, seen by the effects endpoint. */
  runsOf(action: ActionRow): Arrival[]
  /** The journal's time of the first reading in which the action was terminal. */
  terminalAt(action: string): number | undefined
  /** By the broker, at the end. */
  queue(name: string): QueueRow | undefined
  /** Messages ready in a queue at the end, beyond those that were before the scenario started anything. */
  freshIn(queue: QueueRow): number
  brokerWasRead: boolean
  /** When a node's process ended, if it did; the first time after `since`. */
  diedAfter(node: string, since: number): number | undefined
}

/** Indexes of a scenario's final reading, and of those before it. */
export function worldOf(facts: ScenarioFacts, arrivals: readonly Arrival[]): World {
  const { reading, judgedEntries, past } = facts
  const executions = new Map(reading?.executions.map((row) => [row.id, row]))
  const tasks = new Map(reading?.tasks.map((row) => [row.id, row]))
  const actions = new Map(reading?.actions.map((row) => [row.id, row]))
  const byTask = Map.groupBy(reading?.actions ?? [], ({ task }) => task)
  const children = Map.groupBy(reading?.executions ?? [], ({ task }) => task)
  const byMark = Map.groupBy(arrivals, ({ attempt }) => attempt)
  const terminal = terminalTimes(ofKind(judgedEntries, 'database.read'))
  const broker = ofKind(judgedEntries, 'broker.read').at(-1)
  const queues = new Map(broker?.queues.map((row) => [row.name, row]))
  const before = readyBefore(facts)
  const exits = ofKind(judgedEntries, 'node.exited')
  return {
    execution: (id) => executions.get(id),
    task: (id) => tasks.get(id),
    action: (id) => actions.get(id),
    actionsOf: (task) => byTask.get(task) ?? [],
    childrenOf: (task) => children.get(task) ?? [],
    rootOf: (id) => past.rootOf(id),
    runsOf: ({ attempt }) => (attempt === null ? [] : (byMark.get(attempt) ?? [])),
    terminalAt: (action) => terminal.get(action),
    queue: (name) => queues.get(name),
    freshIn: ({ name, ready }) => ready - (before.get(name) ?? 0),
    brokerWasRead: broker !== undefined,
    diedAfter: (node, since) => exits.find((exit) => exit.node === node && exit.at >= since)?.at,
  }
}

function terminalTimes(readings: readonly EntryOf<'database.read'>[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { at, actions } of readings)
    for (const action of actions) if (isTerminal(action) && !times.has(action.id)) times.set(action.id, at)
  return times
}
