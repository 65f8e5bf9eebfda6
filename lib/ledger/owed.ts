import type { ExecutionRow, Graph, GraphTask, TaskRow } from './entries.ts'
import { isTerminal, type Tree } from './tree.ts'

/** Workflows by their name. */
export type Graphs = ReadonlyMap<string, Graph>

/** A task whose predecessors have all succeeded. */
export interface OwedTask {
  execution: ExecutionRow
  name: string
  graph: GraphTask
  /** None: Mistral has not created it; several: it was created more than once. */
  rows: readonly TaskRow[]
}

/** The tasks that one execution owes, without those of its sub-workflows. Empty for a workflow without a graph. */
export function owedBy(tree: Tree, execution: ExecutionRow, graphs: Graphs): OwedTask[] {
  const byName = Map.groupBy(tree.tasksOf(execution), ({ name }) => name)
  const succeeded = (name: string): boolean =>
    byName.get(name)?.some(({ state }) => state === 'SUCCESS') ?? false
  return Object.entries(graphs.get(execution.workflow)?.tasks ?? {})
    .filter(([, graph]) => graph.after.every(succeeded))
    .map(([name, graph]) => ({ execution, name, graph, rows: byName.get(name) ?? [] }))
}

/** The tasks that an execution and everything below it owe. */
export const owedBelow = (tree: Tree, execution: ExecutionRow, graphs: Graphs): OwedTask[] =>
  tree.below(execution).executions.flatMap((one) => owedBy(tree, one, graphs))

/** Owed, and not done yet. */
export const isOpen = ({ rows }: OwedTask): boolean => rows.length === 0 || !rows.every(isTerminal)
