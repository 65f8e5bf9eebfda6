import type { ActionRow, DatabaseRead, ExecutionRow, JobRow, TaskRow } from './entries.ts'

/** States that Mistral never leaves by itself (SKIPPED: tasks of Mistral 16 and newer). */
const TERMINAL = new Set(['SUCCESS', 'ERROR', 'CANCELLED', 'SKIPPED'])

export const isTerminal = ({ state }: { state: string }): boolean => TERMINAL.has(state)

/** A reading of the database, indexed by who belongs to whom. */
export interface Tree {
  execution(id: string): ExecutionRow | undefined
  tasksOf(execution: ExecutionRow): readonly TaskRow[]
  actionsOf(task: TaskRow): readonly ActionRow[]
  /** Sub-workflow executions. */
  childrenOf(task: TaskRow): readonly ExecutionRow[]
  /** The execution and everything below it. */
  below(execution: ExecutionRow): Subtree
}

export interface Subtree {
  executions: ExecutionRow[]
  tasks: TaskRow[]
  actions: ActionRow[]
  /** Jobs that name something in it, and those that name nothing at all, since they may be for anything. */
  jobs: JobRow[]
}

export function treeOf(reading: DatabaseRead): Tree {
  const executions = new Map(reading.executions.map((row) => [row.id, row]))
  const tasks = Map.groupBy(reading.tasks, (row) => row.execution)
  const actions = Map.groupBy(reading.actions, (row) => row.task)
  const children = Map.groupBy(reading.executions, (row) => row.task)

  const tree: Tree = {
    execution: (id) => executions.get(id),
    tasksOf: (execution) => tasks.get(execution.id) ?? [],
    actionsOf: (task) => actions.get(task.id) ?? [],
    childrenOf: (task) => children.get(task.id) ?? [],
    below(execution) {
      const parts = tree.tasksOf(execution).flatMap((task) => tree.childrenOf(task).map(tree.below))
      const ownTasks = tree.tasksOf(execution)
      const all = {
        executions: [execution, ...parts.flatMap((part) => part.executions)],
        tasks: [...ownTasks, ...parts.flatMap((part) => part.tasks)],
        actions: [...ownTasks.flatMap(tree.actionsOf), ...parts.flatMap((part) => part.actions)],
      }
      const ids = new Set([...all.executions, ...all.tasks, ...all.actions].map(({ id }) => id))
      const jobs = reading.jobs.filter(({ names }) => names.length === 0 || names.some((id) => ids.has(id)))
      return { ...all, jobs }
    },
  }
  return tree
}
