/**
 * Bodies as Mistral 15.0.0 sends them under oslo.messaging, of their real size. In the places of ids they have marks,
 * each as long as what it stands for.
 */

/** What differs from message to message, and the mark in its place: eight digits, in ids that are told apart by the rest. */
export const MARKS = {
  /** Of one action: the ids of the action, of its task and of its attempt. */
  action: 'aaaaaaaa',
  /** Of one workflow execution. */
  workflow: 'bbbbbbbb',
  /** Of one message: its unique id. */
  message: 'cccccccc',
} as const

const ACTION = `${MARKS.action}-37fb-4c4c-865e-99f684db91b9`
const TASK = `${MARKS.action}-220c-4de4-8bc1-57efd3fcb9ce`
const ATTEMPT = `${MARKS.action}-ffb1-45f3-8b3f-d9ffb63b14fd`
const WORKFLOW = `${MARKS.workflow}-9fd3-44cc-a176-8c49fd2eb55c`
const UNIQUE = `${MARKS.message}e84646c5bd8f1d6b2d0b9a3f`
const EFFECT = `http://127.0.0.1:44859/effects/${WORKFLOW}/${WORKFLOW}/t5/0/${ATTEMPT}`

/** JSON as Python writes it. */
const python = (value: unknown): string =>
  JSON.stringify(value, null, 1).replaceAll(/,\n */g, ', ').replaceAll(/\n */g, '')

/** An instance of one of Mistral's classes. */
const instance = (name: string, data: object): string =>
  python({ __serial_key: name, __serial_data: python(data) })

const CONTEXT = {
  _context_user: null,
  _context_project_id: null,
  _context_system_scope: null,
  _context_project: null,
  _context_domain: null,
  _context_user_domain: null,
  _context_project_domain: null,
  _context_is_admin: false,
  _context_read_only: false,
  _context_show_deleted: false,
  _context_auth_token: null,
  _context_request_id: `req-${WORKFLOW}`,
  _context_global_request_id: null,
  _context_resource_uuid: null,
  _context_roles: [],
  _context_user_identity: '- - - - -',
  _context_is_admin_project: true,
  _context_user_name: null,
  _context_project_name: null,
  _context_domain_name: null,
  _context_user_domain_name: null,
  _context_project_domain_name: null,
  _context_auth_uri: null,
  _context_auth_cacert: null,
  _context_insecure: false,
  _context_service_catalog: {},
  _context_region_name: null,
  _context_is_trust_scoped: false,
  _context_redelivered: false,
  _context_expires_at: null,
  _context_trust_id: null,
  _context_is_target: false,
}

const cast = (method: string, args: Record<string, string | null>): string =>
  python({
    'oslo.version': '2.0',
    'oslo.message': python({ method, args, _unique_id: UNIQUE, ...CONTEXT }),
  })

/** 2.5 kB: an engine has an executor call the effects endpoint. */
export const RUN_ACTION = cast('run_action', {
  action: instance('mistral_lib.actions.base.Action', {
    cls: 'mistral.actions.std_actions.HTTPAction',
    cls_attrs: {},
    data: {
      auth: null,
      url: EFFECT,
      method: 'POST',
      params: null,
      body: null,
      json: null,
      headers: null,
      cookies: null,
      timeout: 120,
      allow_redirects: null,
      proxies: null,
      verify: null,
    },
  }),
  action_ex_id: python(ACTION),
  safe_rerun: 'false',
  exec_ctx: python({
    workflow_execution_id: WORKFLOW,
    task_execution_id: TASK,
    workflow_name: 'cw_parallel_5_effect_r4',
    action_execution_id: ACTION,
    callback_url: `/v2/action_executions/${ACTION}`,
  }),
  timeout: null,
})

/** 2.3 kB: an executor tells the engines what came of it. */
export const ON_ACTION_COMPLETE = cast('on_action_complete', {
  action_ex_id: python(ACTION),
  result: instance('mistral_lib.actions.types.Result', {
    data: {
      content: { effect: true },
      status: 200,
      headers: {
        'Content-Type': 'application/json',
        Date: 'Tue, 24 Nov 2026 05:25:15 GMT',
        Connection: 'keep-alive',
        'Keep-Alive': 'timeout=1',
        'Transfer-Encoding': 'chunked',
      },
      url: EFFECT,
      history: [],
      encoding: 'utf-8',
      reason: 'OK',
      cookies: {},
      elapsed: 0.005504,
    },
    error: null,
    cancel: false,
  }),
  wf_action: 'false',
})
