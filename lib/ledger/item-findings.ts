import { attemptKey, told, type Arrival, type Arrivals } from './effects.ts'
import type { ActionRow } from './entries.ts'
import type { Item } from './items.ts'
import type { Tree } from './tree.ts'
import type { Graphs } from './owed.ts'
import type { Finding } from './verdict-document.ts'

type Found = Omit<Finding, 'allowed'>

/** An item that ran 0 times though it was owed, in an execution that will not run it any more. */
export function lostItem(item: Item): Found {
  const { actions, graph } = item
  const missing =
    graph.runs === 'workflow'
      ? 'no sub-workflow execution'
      : graph.effect
        ? 'no effect'
        : 'no result of its own'
  return {
    object: item.object,
    id: item.id,
    execution: item.root,
    text: `${item.object} ${item.id} was owed and ran 0 times`,
    evidence: [
      graph.after.length > 0 ? `${graph.after.join(', ')} succeeded` : 'it has no predecessor',
      `it has ${missing}`,
      actions.length > 0
        ? actions.map(({ id, state }) => `action ${id} is ${state}`).join(', ')
        : 'no action execution was created',
    ],
  }
}

export function repeatedItem(item: Item): Found {
  return {
    object: item.object,
    id: item.id,
    execution: item.root,
    text: `${item.object} ${item.id} ran in ${item.attempts} attempts`,
    evidence: [...item.actions.map((action) => fateOf(action, item)), ...item.arrivals.map(told)],
  }
}

/** `action 3f0… is ERROR for want of a heartbeat, and ran 0 times`; how often it ran only where effects tell. */
function fateOf({ id, state, expired, attempt }: ActionRow, { graph, arrivals }: Item): string {
  const how = expired === true ? `${state} for want of a heartbeat` : state
  if (!graph.effect) return `action ${id} is ${how}`
  const runs = arrivals.filter((arrival) => arrival.attempt === attempt).length
  return `action ${id} is ${how}, and ran ${runs} times`
}

/** The arrivals of each attempt, once per attempt. */
export const runsPerAttempt = (arrivals: readonly Arrival[]): Arrival[][] => [
  ...Map.groupBy(arrivals, attemptKey).values(),
]

export function duplicatedAttempt(runs: readonly Arrival[], items: readonly Item[]): Found | undefined {
  const [first] = runs
  if (!first || runs.length < 2) return undefined
  const actions = items.flatMap(({ actions }) => actions)
  const action = actions.find(({ attempt }) => attempt === first.attempt)
  return {
    object: 'action',
    id: action?.id ?? first.attempt,
    execution: first.root,
    text: `one attempt of task ${first.task} of execution ${first.execution} ran ${runs.length} times`,
    evidence: runs.map(told),
  }
}

/** Effects of nothing that was started, and effects that the database or the graph knows nothing of. */
export function unexpectedEffects({ own, foreign }: Arrivals, tree: Tree, graphs: Graphs): Found[] {
  const strange = own.flatMap((arrival) => {
    const execution = tree.execution(arrival.execution)
    if (!execution) return [effectFinding(arrival, 'its execution has no row')]
    const graph = graphs.get(execution.workflow)
    if (!graph) return []
    const task = graph.tasks[arrival.task]
    if (task && arrival.item < (task.items ?? 1)) return []
    return [effectFinding(arrival, `workflow ${execution.workflow} has no such task or item`)]
  })
  return [
    ...strange,
    ...foreign.map((arrival) => effectFinding(arrival, 'this run did not start its execution')),
  ]
}

export const effectFinding = (arrival: Arrival, why: string): Found => ({
  object: 'effect',
  id: String(arrival.effect),
  execution: arrival.root,
  text: `effect ${arrival.effect}, of task ${arrival.task} of execution ${arrival.execution}: ${why}`,
  evidence: [told(arrival)],
})
