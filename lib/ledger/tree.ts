import type { ActionRow, DatabaseRead, ExecutionRow, JobRow, TaskRow } from './entries.ts'

export { isTerminal } from '../util/states.ts'

/** A reading of the database, indexed by who belongs to whom. */
export interface Tree {
  execution: (id: string) => ExecutionRow | undefined
  tasksOf: (execution: ExecutionRow) => readonly TaskRow[]
  actionsOf: (task: TaskRow) => readonly ActionRow[]
  /** Sub-workflow executions. */
  childrenOf: (task: TaskRow) => readonly ExecutionRow[]
  /** The execution and everything below it. */
  below: (execution: ExecutionRow) => Subtree
}

export interface Subtree {
  executions: ExecutionRow[]
  tasks: TaskRow[]
  actions: ActionRow[]
  /** Jobs that name something in it; one that names nothing is in no reading. */
  jobs: JobRow[]
}

export function treeOf(reading: DatabaseRead): Tree {
  const executions = new Map(reading.executions.map((row) => [row.id, row]))
  const tasks = Map.groupBy(reading.tasks, (row) => row.execution)
  const actions = Map.groupBy(reading.actions, (row) => row.task)
  const children = Map.groupBy(reading.executions, (row) => row.task)

  const tasksOf: Tree['tasksOf'] = ({ id }) => tasks.get(id) ?? []
  const actionsOf: Tree['actionsOf'] = ({ id }) => actions.get(id) ?? []
  const childrenOf: Tree['childrenOf'] = ({ id }) => children.get(id) ?? []

  const descend = (execution: ExecutionRow): ExecutionRow[] => [
    execution,
    ...tasksOf(execution).flatMap(childrenOf).flatMap(descend),
  ]
  function below(execution: ExecutionRow): Subtree {
    const ownExecutions = descend(execution)
    const ownTasks = ownExecutions.flatMap(tasksOf)
    const ownActions = ownTasks.flatMap(actionsOf)
    const ids = new Set([...ownExecutions, ...ownTasks, ...ownActions].map(({ id }) => id))
    const jobs = reading.jobs.filter(({ names }) => names.some((id) => ids.has(id)))
    return { executions: ownExecutions, tasks: ownTasks, actions: ownActions, jobs }
  }
  return { execution: (id) => executions.get(id), tasksOf, actionsOf, childrenOf, below }
}
