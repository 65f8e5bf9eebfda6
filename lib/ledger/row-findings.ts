import type { ExecutionRow, Graph, TaskRow } from './entries.ts'
import type { AllowedWord } from './promise-entries.ts'
import type { JudgedExecution } from './executions.ts'
import { owedBy, type Graphs } from './owed.ts'
import type { Tree } from './tree.ts'
import type { Finding } from './verdict-document.ts'

type Said = [AllowedWord, Omit<Finding, 'allowed'>]

/** Rows of the judged executions and their sub-workflows that their workflows' graphs do not allow. */
export const forbiddenRows = (judged: readonly JudgedExecution[], tree: Tree, graphs: Graphs): Said[] =>
  judged.flatMap(({ id: root }) => {
    const row = tree.execution(root)
    const executions = row ? tree.below(row).executions : []
    return executions.flatMap((execution) => {
      const graph = graphs.get(execution.workflow)
      if (!graph) return []
      const owed = new Set(owedBy(tree, execution, graphs).map(({ name }) => name))
      return tree.tasksOf(execution).flatMap((task): Said[] => {
        const why = forbidden(task, graph, owed, tree) ?? emptySuccess(task, graph, tree)
        return why === undefined ? [] : [said(task, execution, root, why)]
      })
    })
  })

type Why = [AllowedWord, string]

/** It is not in the graph, or it has begun although its turn has not come. */
function forbidden(task: TaskRow, { tasks }: Graph, owed: ReadonlySet<string>, tree: Tree): Why | undefined {
  const planned = tasks[task.name]
  if (!planned) return ['unexpected', 'is not in its workflow']
  const begun = tree.actionsOf(task).length + tree.childrenOf(task).length > 0
  // A join is created with the first of its predecessors, and waits.
  if (owed.has(task.name) || !begun) return undefined
  return ['unexpected', `has begun, though not all of ${planned.after.join(', ')} have succeeded`]
}

/** It succeeded, and not enough of its sub-workflows did. */
function emptySuccess(task: TaskRow, { tasks }: Graph, tree: Tree): Why | undefined {
  const planned = tasks[task.name]
  if (task.state !== 'SUCCESS' || planned?.runs !== 'workflow') return undefined
  const children = tree.childrenOf(task)
  const succeeded = children.filter(({ state }) => state === 'SUCCESS').length
  // One that was never created is a lost item.
  if (children.length === 0 || succeeded >= (planned.items ?? 1)) return undefined
  return ['failed', `is SUCCESS, and ${succeeded} of its ${children.length} sub-workflow executions are`]
}

const said = (task: TaskRow, execution: ExecutionRow, root: string, [word, why]: Why): Said => [
  word,
  {
    object: 'task',
    id: task.id,
    execution: root,
    text: `task ${task.name} (${task.id}) of execution ${execution.id} (${execution.workflow}) ${why}`,
    evidence: [`it is ${task.state}`],
  },
]
