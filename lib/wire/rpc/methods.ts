import type { Arguments } from './arguments.ts'
import { asName, isObject } from './envelope.ts'

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

/** The arguments that say whom a call is about. */
const NAMING = {
  wf_ex_id: (value) => idOf('workflow', value),
  task_ex_id: (value) => idOf('task', value),
  /** With wf_action, a sub-workflow is the action, and it is the sub-workflow's execution that is named. */
  action_ex_id: (value, args) => idOf(args.get('wf_action') === true ? 'workflow' : 'action', value),
  action_ex_ids: (value) => {
    const actions = Array.isArray(value) ? value.map(asName).filter((id) => id !== undefined) : []
    return actions.length > 0 ? { actions } : {}
  },
  /** Empty for an action that belongs to no task. */
  exec_ctx: (value) => ({
    ...idOf('workflow', fieldOf(value, 'workflow_execution_id')),
    ...idOf('task', fieldOf(value, 'task_execution_id')),
  }),
  /** A sub-workflow's execution has no id yet when it is started: its parent task is named. */
  params: (value) => idOf('task', fieldOf(value, 'task_execution_id')),
  ex_id: (value, args) => idOf(String(args.get('event')).startsWith('TASK_') ? 'task' : 'workflow', value),
} satisfies Record<string, (value: unknown, args: Arguments) => CallIds>

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
  on_action_complete: judged('action_ex_id'),
  on_action_update: judged('action_ex_id'),
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
  let ids: CallIds = {}
  for (const name of methodOf(method).naming) {
    const value = args.get(name)
    if (value !== undefined && value !== null) ids = { ...ids, ...NAMING[name](value, args) }
  }
  return ids
}

/** Whether calls of a method are judged. */
export const isJudgedMethod = (method: string): boolean => methodOf(method).judged

const idOf = (kind: 'workflow' | 'task' | 'action', value: unknown): CallIds => {
  const id = asName(value)
  return id === undefined ? {} : { [kind]: id }
}

const fieldOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined)
