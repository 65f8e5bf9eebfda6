import { itemId, type Arrival } from './effects.ts'
import type { ActionRow, ExecutionRow, GraphTask } from './entries.ts'
import { owedBelow, type Graphs, type OwedTask } from './owed.ts'
import type { Tree } from './tree.ts'

/** One owed element of work: a task, or one element of a with-items task. */
export interface Item {
  id: string
  object: 'task' | 'item'
  /** The judged execution that it belongs to, and the one whose task it is: the same but for sub-workflows. */
  root: string
  execution: ExecutionRow
  task: string
  graph: GraphTask
  /** Its attempts' arrivals at the effects endpoint. */
  arrivals: Arrival[]
  actions: ActionRow[]
  /** How many attempts Mistral made of it. */
  attempts: number
  ran: boolean
}

/** Arrivals by the task that they are of. */
export type ArrivalsByTask = ReadonlyMap<string, readonly Arrival[]>

export const byTask = (arrivals: readonly Arrival[]): ArrivalsByTask =>
  Map.groupBy(arrivals, ({ execution, task }) => itemId(execution, task))

/** The items that a judged execution and its sub-workflows owe, by the workflows' graphs and the final rows. */
export function itemsOf(tree: Tree, root: ExecutionRow, graphs: Graphs, arrived: ArrivalsByTask): Item[] {
  return owedBelow(tree, root, graphs).flatMap((owed) => {
    const ofTask = arrived.get(itemId(owed.execution.id, owed.name)) ?? []
    const indices = Array.from({ length: owed.graph.items ?? 1 }, (_, index) => index)
    return indices.map((index) => itemOf(tree, root.id, owed, index, ofTask))
  })
}

function itemOf(tree: Tree, root: string, owed: OwedTask, index: number, ofTask: readonly Arrival[]): Item {
  const { execution, name: task, graph, rows } = owed
  const children = rows.flatMap(tree.childrenOf)
  const actions = rows.flatMap(tree.actionsOf).filter(({ item }) => item === index)
  const arrivals = ofTask.filter(({ item }) => item === index)
  const plain = graph.items === undefined
  const about = {
    id: itemId(execution.id, task, plain ? undefined : index),
    object: plain ? ('task' as const) : ('item' as const),
    root,
    execution,
    task,
    graph,
    arrivals,
    actions,
  }
  // A row of a sub-workflow does not say to which element it belongs: enough rows mean that each one ran, and what is
  // more is told of the last.
  if (graph.runs === 'workflow') {
    const ran = children.length > index
    const surplus = Math.max(0, children.length - (graph.items ?? 1))
    const isLast = index === (graph.items ?? 1) - 1
    return { ...about, ran, attempts: Number(ran) + (isLast ? surplus : 0) }
  }
  const marks = new Set([...arrivals, ...actions].flatMap(({ attempt }) => attempt ?? []))
  return {
    ...about,
    ran: graph.effect ? arrivals.length > 0 : actions.some((action) => hasOwnResult(action, graph)),
    // A task without a row was not attempted, and one with a single row is told by its actions.
    attempts: Math.max(marks.size, actions.length, rows.length > 1 ? rows.length : 0),
  }
}

/**
 * An action that Mistral failed for want of a heartbeat has a result, but not its own. An asynchronous one gets
 * its result from elsewhere: nothing tells whether it ran, so that it is never called lost.
 */
const hasOwnResult = ({ state, expired }: ActionRow, { asynchronous }: GraphTask): boolean =>
  asynchronous === true || state === 'SUCCESS' || (state === 'ERROR' && expired !== true)
