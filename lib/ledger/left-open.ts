import type { ExecutionRow } from './entries.ts'
import { findingOf, wordFor, type JudgedExecution } from './executions.ts'
import { rulingsOn } from './movers.ts'
import { blockersOfTask, blockingAction, standingOf, type Blocker, type Known } from './standing.ts'
import { isTerminal, type Tree } from './tree.ts'
import type { Finding, Word } from './verdict-document.ts'

type Said = [Word, Omit<Finding, 'allowed'>]

/** What is open though the execution above it has ended: sub-workflow executions, tasks and actions. */
export const leftOpen = (judged: readonly JudgedExecution[], tree: Tree, known: Known): Said[] =>
  judged.flatMap(({ id: root, accepted }) => {
    const row = tree.execution(root)
    const ended = row ? tree.below(row).executions.filter(isTerminal) : []
    return ended.flatMap((execution) => [
      ...openChildren(execution, root, accepted, tree, known),
      ...openWork(execution, root, tree, known),
    ])
  })

function openChildren(
  parent: ExecutionRow,
  root: string,
  accepted: boolean,
  tree: Tree,
  known: Known,
): Said[] {
  const children = tree.tasksOf(parent).flatMap(tree.childrenOf)
  return children
    .filter((child) => !isTerminal(child))
    .map(({ id, workflow }) => {
      const standing = standingOf(tree, tree.execution(id), known)
      const word = wordFor(standing, accepted, '')
      return [
        word,
        findingOf(word, { id, workflow, root }, standing, [`its parent execution in ${root} has ended`]),
      ]
    })
}

/** Tasks and actions; what holds a sub-workflow up is said of that one. */
function openWork(execution: ExecutionRow, root: string, tree: Tree, known: Known): Said[] {
  const blockers = tree.tasksOf(execution).flatMap((task): Blocker[] => {
    if (tree.childrenOf(task).some((child) => !isTerminal(child))) return []
    if (!isTerminal(task)) return blockersOfTask(tree, task, known, 0)
    const actions = tree.actionsOf(task).filter((action) => !isTerminal(action))
    return actions.map((action) => blockingAction(action, task, 0))
  })
  if (blockers.length === 0) return []
  const rulings = rulingsOn(tree.below(execution), known.timeouts)
  const moving = rulings.filter(({ moves }) => moves)
  return blockers.map(({ object, id, text, waits }) => [
    moving.length > 0 ? 'late' : waits ? 'waiting' : 'stuck',
    {
      object,
      id,
      execution: root,
      text: `execution ${execution.id} (${execution.workflow}) is ${execution.state}, and ${text}`,
      evidence: (moving.length > 0 ? moving : rulings).map(({ because }) => because),
    },
  ])
}
