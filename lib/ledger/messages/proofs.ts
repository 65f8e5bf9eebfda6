import type { ActionRow } from '../entries.ts'
import { isTerminal } from '../tree.ts'
import type { CallFact } from '../wire-entries.ts'
import type { Message, Traffic } from './traffic.ts'
import type { World } from './world.ts'

/** How often a message's work was seen, and by what. */
export interface Proof {
  /** 0: not at all. More than 1 only where each run can be told from the others. */
  times: number
  because: string
}

type Prove = (message: Message, traffic: Traffic, world: World) => Proof

const seen = (because: string): Proof => ({ times: 1, because })
const unseen = (because: string): Proof => ({ times: 0, because })

/** What proves that the work of a message was done, for each method; one that is not here is proven by its reply. */
const PROOFS: Readonly<Record<string, Prove>> = {
  start_workflow: ({ call: { workflow = '' } }, _, world) => {
    const row = world.execution(workflow)
    return row ? seen(`execution ${workflow} is ${row.state}`) : unseen(`execution ${workflow} has no row`)
  },
  run_action: ({ call: { action = '' } }, traffic, world) => {
    const row = world.action(action)
    return row ? actionRan(row, traffic, world) : unseen(`action ${action} has no row`)
  },
  start_task: ({ call: { task = '' } }, traffic, world) => {
    const row = world.task(task)
    if (!row) return unseen(`task ${task} has no row`)
    const actions = world.actionsOf(task)
    const ran = actions.map((action) => actionRan(action, traffic, world)).find(({ times }) => times > 0)
    // Its actions have fates of their own: that one of them ran twice, or its call got lost, is not this message's doing.
    if (ran) return seen(ran.because)
    const asked = actions.find(({ id }) => traffic.mentions.asked.has(id))
    if (asked) return seen(`entry ${traffic.mentions.asked.get(asked.id)} asks for its action ${asked.id}`)
    const [child] = world.childrenOf(task)
    if (child) return seen(`task ${task} has the sub-workflow execution ${child.id}`)
    return isTerminal(row) ? seen(`task ${task} is ${row.state}`) : unseen(`task ${task} has started nothing`)
  },
  on_action_complete: ({ call }, _, world) => resultArrived(call, world),
}

/** An action that the effects endpoint saw, or that its executor spoke of. */
function actionRan(action: ActionRow, traffic: Traffic, world: World): Proof {
  const { id, attempt, state } = action
  const runs = world.runsOf(action)
  if (runs.length > 0)
    return { times: runs.length, because: `effects ${runs.map(({ effect }) => effect).join(', ')} arrived` }
  const told = traffic.mentions.results.get(id) ?? traffic.mentions.heartbeats.get(id)
  if (told !== undefined) return seen(`entry ${told} names action ${id}`)
  return unseen(
    attempt === null ? `nothing names action ${id}, which is ${state}` : `no effect arrived of action ${id}`,
  )
}

/** The action has this message's result, and not the one that Mistral gives to an action without heartbeats. */
function resultArrived({ action = '', workflow, failed }: CallFact, world: World): Proof {
  const row = world.action(action)
  if (!row) return subWorkflowEnded(workflow ?? action, world)
  const state = `action ${action} is ${row.state}${row.expired ? ' for want of a heartbeat' : ''}`
  const own = failed ? row.state === 'ERROR' && !row.expired : row.state === 'SUCCESS'
  return own ? seen(state) : unseen(state)
}

/** Of a sub-workflow's end its parent task is told. */
function subWorkflowEnded(execution: string, world: World): Proof {
  const row = world.execution(execution)
  const task = row?.task == null ? undefined : world.task(row.task)
  if (!task) return unseen(`neither an action nor a sub-workflow has the id ${execution}`)
  const state = `task ${task.name} (${task.id}) is ${task.state}`
  return isTerminal(task) ? seen(state) : unseen(state)
}

/** Whether the work of a message that is no reply was seen. */
export function proofOf(message: Message, traffic: Traffic, world: World): Proof {
  const prove = Object.hasOwn(PROOFS, message.call.method) ? PROOFS[message.call.method] : undefined
  if (prove) return prove(message, traffic, world)
  const reply = traffic.replyTo(message)
  if (!reply) return unseen('no reply was seen')
  return reply.call.failed
    ? unseen('its reply is an error')
    : seen(`its reply, entry ${reply.sends[0]?.ordinal}, is no error`)
}
