import type { ActionRow, DatabaseRead, ExecutionRow, TaskRow, Timeouts } from './entries.ts'
import { rulingsOn } from './movers.ts'
import { owedBy, type Graphs } from './owed.ts'
import { isTerminal, treeOf, type Tree } from './tree.ts'
import type { FindingObject } from './verdict-document.ts'

/** What is known of the system beyond a reading. */
export interface Known {
  timeouts: Timeouts
  graphs: Graphs
}

/**
 * How an execution stands in one reading of the database. `stuck` holds only once the reading is settled:
 * what an engine does after its commit it does from memory, for up to 10 s on a loaded machine.
 */
export interface Standing {
  standing: 'absent' | 'terminal' | 'waiting' | 'stuck' | 'moving'
  /** Its state; '' without a row. */
  state: string
  /** The deepest object that it waits for; undefined if it is absent or terminal. */
  blocker?: Blocker
  /** What each mechanism can do for it, or how it was excluded. */
  evidence: string[]
}

export interface Blocker {
  object: FindingObject
  id: string
  text: string
  /** It waits for somebody outside of Mistral. */
  waits: boolean
  depth: number
}

/** How each of these executions stands; what waits for a run to come to rest asks this too. */
export function standingsOf(
  reading: DatabaseRead,
  executions: readonly string[],
  known: Known,
): Map<string, Standing> {
  const tree = treeOf(reading)
  return new Map(executions.map((id) => [id, standingOf(tree, tree.execution(id), known)]))
}

/** How one execution, of a workflow or a sub-workflow, stands. */
export function standingOf(tree: Tree, execution: ExecutionRow | undefined, known: Known): Standing {
  if (!execution) return { standing: 'absent', state: '', evidence: ['the database has no row of it'] }
  const { state, stateInfo } = execution
  if (isTerminal(execution)) return { standing: 'terminal', state, evidence: stateInfo ? [stateInfo] : [] }

  const blockers = blockersOf(tree, execution, known, 0)
  const decisive = blockers.filter(({ waits }) => !waits)
  const [blocker, ...others] = (decisive.length > 0 ? decisive : blockers).toSorted(
    (a, b) => b.depth - a.depth,
  )
  const also = others.map(({ text }) => `also: ${text}`)
  const named = blocker ? { blocker } : {}
  if (state === 'PAUSED') return { standing: 'waiting', state, ...named, evidence: also }

  const rulings = rulingsOn(tree.below(execution), known.timeouts)
  const moving = rulings.filter(({ moves }) => moves)
  const told = (moving.length > 0 ? moving : rulings).map(({ because }) => because)
  const standing = moving.length > 0 ? 'moving' : decisive.length > 0 ? 'stuck' : 'waiting'
  return { standing, state, ...named, evidence: [...told, ...also] }
}

/** The objects at the ends of the branches that hold an execution up; at least one. */
function blockersOf(tree: Tree, execution: ExecutionRow, known: Known, depth: number): Blocker[] {
  const label = `execution ${execution.id} (${execution.workflow})`
  const itself = (text: string, waits = false): Blocker => ({
    object: 'execution',
    id: execution.id,
    text: `${label} ${text}`,
    waits,
    depth,
  })
  if (execution.state === 'PAUSED') return [itself('is PAUSED', true)]

  const tasks = tree.tasksOf(execution)
  const open = tasks.filter((task) => !isTerminal(task))
  const owed = owedBy(tree, execution, known.graphs)
  const missing = owed
    .filter(({ rows }) => rows.length === 0)
    .map(({ name }) => itself(`owes task ${name}, which was never created`))
  const names = new Set(owed.map(({ name }) => name))
  // A task whose predecessors are open is held up by them, not by itself.
  const ends = open.filter(({ name }) => names.has(name))
  const held = (missing.length + ends.length > 0 ? ends : open).flatMap((task) =>
    blockersOfTask(tree, task, known, depth + 1),
  )
  const blockers = [...held, ...missing]
  if (blockers.length > 0) return blockers
  return [
    itself(
      tasks.length === 0
        ? `is ${execution.state} and has no task`
        : `is ${execution.state} although all of its ${tasks.length} tasks have finished`,
    ),
  ]
}

export function blockersOfTask(tree: Tree, task: TaskRow, known: Known, depth: number): Blocker[] {
  const children = tree.childrenOf(task)
  const actions = tree.actionsOf(task)
  const below = [
    ...children
      .filter((child) => !isTerminal(child))
      .flatMap((child) => blockersOf(tree, child, known, depth + 1)),
    ...actions
      .filter((action) => !isTerminal(action))
      .map((action) => blockingAction(action, task, depth + 1)),
  ]
  if (below.length > 0) return below
  const count = children.length + actions.length
  const why =
    count === 0
      ? 'has neither an action nor a sub-workflow execution'
      : `has only finished children (${count})`
  const text = `task ${task.name} (${task.id}) is ${task.state} and ${why}`
  return [{ object: 'task', id: task.id, text, waits: task.state === 'PAUSED', depth }]
}

export function blockingAction(action: ActionRow, task: TaskRow, depth: number): Blocker {
  const kind = action.synchronous ? 'synchronous' : 'asynchronous'
  return {
    object: 'action',
    id: action.id,
    text: `${kind} action ${action.name} (${action.id}) of task ${task.name} is ${action.state}`,
    waits: !action.synchronous || action.state === 'PAUSED',
    depth,
  }
}
