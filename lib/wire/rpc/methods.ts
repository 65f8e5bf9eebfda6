import type { Arguments } from './arguments.ts'
import { asName } from './envelope.ts'

/** Whom a call is about, as far as it says so. */
export interface CallIds {
  /** A workflow execution. */
  readonly workflow?: string
  /** A task execution. */
  readonly task?: string
  /** An action execution. */
  readonly action?: string
  /** Action executions, of a call that names any number of them. */
  readonly actions?: readonly string[]
}

type Named = { -readonly [Kind in keyof CallIds]: CallIds[Kind] }

/** The arguments that say whom a call is about, and what they add to its ids. */
const NAMING = {
  wf_ex_id: (ids, args) => add(ids, 'workflow', args.get('wf_ex_id')),
  task_ex_id: (ids, args) => add(ids, 'task', args.get('task_ex_id')),
  action_ex_id: (ids, args) => {
    if (args.get('wf_action') !== true) add(ids, 'action', args.get('action_ex_id'))
  },
  /**
   * With wf_action, a sub-workflow is the action, and action_ex_id is its execution. It is always said; where it was cut
   * off, nobody knows whose id it is.
   */
  wf_action: (ids, args) => {
    const isWorkflow = args.get('wf_action')
    if (typeof isWorkflow === 'boolean')
      add(ids, isWorkflow ? 'workflow' : 'action', args.get('action_ex_id'))
  },
  action_ex_ids: (ids, args) => {
    const named = args.get('action_ex_ids')
    const actions = Array.isArray(named) ? named.map(asName).filter((id) => id !== undefined) : []
    if (actions.length > 0) ids.actions = actions
  },
  /** Empty for an action that belongs to no task. */
  exec_ctx: (ids, args) => {
    const context = args.object('exec_ctx')
    add(ids, 'workflow', context?.value('workflow_execution_id'))
    add(ids, 'task', context?.value('task_execution_id'))
  },
  /** A sub-workflow's execution has no id yet when it is started: its parent task is named. */
  params: (ids, args) => add(ids, 'task', args.object('params')?.value('task_execution_id')),
  ex_id: (ids, args) => {
    const event = String(args.get('event'))
    if (event.startsWith('TASK_')) add(ids, 'task', args.get('ex_id'))
    if (event.startsWith('WORKFLOW_')) add(ids, 'workflow', args.get('ex_id'))
  },
} satisfies Record<string, (ids: Named, args: Arguments) => void>

function add(ids: Named, kind: 'workflow' | 'task' | 'action', value: unknown): void {
  const id = asName(value)
  if (id !== undefined) ids[kind] = id
}

type NamingArgument = keyof typeof NAMING

interface Method {
  /** Whether it is lost or duplicated if it is not done exactly once; otherwise it is only counted. */
  readonly judged: boolean
  readonly naming: readonly NamingArgument[]
}

const judged = (...naming: NamingArgument[]): Method => ({ judged: true, naming })
const counted = (...naming: NamingArgument[]): Method => ({ judged: false, naming })

/** Mistral's methods, 15.0.0 to 23.0.0, and oslo.messaging's own. */
const METHODS: Readonly<Record<string, Method>> = {
  start_workflow: judged('wf_ex_id', 'params'),
  start_task: judged('task_ex_id'),
  run_action: judged('action_ex_id', 'exec_ctx'),
  on_action_complete: judged('wf_action'),
  on_action_update: judged('wf_action'),
  pause_workflow: judged('wf_ex_id'),
  resume_workflow: judged('wf_ex_id'),
  stop_workflow: judged('wf_ex_id'),
  rerun_workflow: judged('task_ex_id'),
  rollback_workflow: judged('wf_ex_id'),
  /** Its action belongs to no execution. */
  start_action: counted(),
  /** Nothing that a run can read shows its work. */
  notify: counted('ex_id'),
  report_running_actions: counted('action_ex_ids'),
  create_event_trigger: counted(),
  update_event_trigger: counted(),
  delete_event_trigger: counted(),
  oslo_rpc_server_ping: counted(),
}

/** Of a method that is not known, all that names somebody counts. */
const UNKNOWN = counted(...(Object.keys(NAMING) as NamingArgument[]))

const methodOf = (name: string): Method => (Object.hasOwn(METHODS, name) && METHODS[name]) || UNKNOWN

/** Whom the call of a method is about. */
export function idsOf(method: string, args: Arguments): CallIds {
  const ids: Named = {}
  for (const name of methodOf(method).naming) NAMING[name](ids, args)
  return ids
}

/** Whether calls of a method are judged. */
export const isJudgedMethod = (method: string): boolean => methodOf(method).judged
