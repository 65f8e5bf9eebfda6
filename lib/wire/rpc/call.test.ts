import { expect } from 'chai'
import { canBeCall, decodeCall, isJudged, outcomeOf, type RpcCall, type RpcInput } from './call.ts'
import { fixture, FIXTURES, type Fixture } from './fixtures.helper.ts'

/** What a fixture is: kind, method, ids, and whether it is judged. */
type Is = [kind: RpcCall['kind'], method: string, ids: (known: Fixture['known']) => object, judged: boolean]

const nobody = (): object => ({})
const workflow = ({ workflow }: Fixture['known']): object => ({ workflow })
const task = ({ task }: Fixture['known']): object => ({ task })
const action = ({ action }: Fixture['known']): object => ({ action })
const child = ({ child }: Fixture['known']): object => ({ workflow: child })
const all = ({ workflow, task, action }: Fixture['known']): object => ({ workflow, task, action })
const both = ({ action, child }: Fixture['known']): object => ({ actions: [action, child] })

const IS: Record<string, Is> = {
  start_workflow: ['call', 'start_workflow', workflow, true],
  'start_workflow of a sub-workflow': ['cast', 'start_workflow', task, true],
  start_action: ['call', 'start_action', nobody, false],
  start_task: ['cast', 'start_task', task, true],
  run_action: ['cast', 'run_action', all, true],
  'run_action with secrets': ['cast', 'run_action', all, true],
  'run_action, called': ['call', 'run_action', nobody, false],
  report_running_actions: ['cast', 'report_running_actions', both, false],
  on_action_complete: ['cast', 'on_action_complete', action, true],
  'on_action_complete, failed': ['call', 'on_action_complete', action, true],
  'on_action_complete of a sub-workflow': ['call', 'on_action_complete', child, true],
  'on_action_complete of a cancelled sub-workflow': ['call', 'on_action_complete', child, true],
  on_action_update: ['call', 'on_action_update', action, true],
  pause_workflow: ['call', 'pause_workflow', workflow, true],
  resume_workflow: ['call', 'resume_workflow', workflow, true],
  'resume_workflow with secrets': ['call', 'resume_workflow', workflow, true],
  stop_workflow: ['call', 'stop_workflow', workflow, true],
  rerun_workflow: ['call', 'rerun_workflow', task, true],
  rollback_workflow: ['call', 'rollback_workflow', workflow, true],
  notify: ['cast', 'notify', task, false],
  'notify of a workflow': ['cast', 'notify', workflow, false],
  create_event_trigger: ['fanout', 'create_event_trigger', nobody, false],
  update_event_trigger: ['fanout', 'update_event_trigger', nobody, false],
  delete_event_trigger: ['fanout', 'delete_event_trigger', nobody, false],
  oslo_rpc_server_ping: ['call', 'oslo_rpc_server_ping', nobody, false],
  'reply of start_workflow': ['reply', '', nobody, false],
  'failure of start_workflow': ['reply', '', nobody, false],
  'reply of nothing': ['reply', '', nobody, false],
  'reply of oslo_rpc_server_ping': ['reply', '', nobody, false],
}

/** The call that a message is, or a failed test. */
function decoded(input: RpcInput): RpcCall {
  const call = decodeCall(input)
  if (!call) throw new Error(`no call: ${input.body.toString().slice(0, 200)}`)
  return call
}

const of = (name: string, driver: Fixture['driver']): RpcCall => decoded(fixture(name, driver).input)

const named = (version: string, driver: string): string[] =>
  FIXTURES.filter((one) => one.version === version && one.driver === driver).map(({ name }) => name)

const can = (text: string, type?: string): boolean =>
  canBeCall({ body: Buffer.from(text), properties: { type } })

describe('a first look at a message', () => {
  it('takes none for no call that is one, also behind space', () => {
    for (const { input } of FIXTURES) if (decodeCall(input)) expect(canBeCall(input)).to.equal(true)
    const { input } = fixture('run_action', 'oslo')
    for (const space of ['', ' ', '\n\t', '\u00a0', '\ufeff', '\u2003']) {
      const body = Buffer.concat([Buffer.from(space), input.body])
      expect(decoded({ ...input, body }).method).to.equal('run_action')
    }
  })

  it('is enough for what can be none', () => {
    expect(['', 'xxx', '[1]', '"a"', '1'].map((text) => can(text))).to.deep.equal(Array(5).fill(false))
    expect([can('{'), can('', 'error')]).to.deep.equal([true, true])
  })
})

/** A body of oslo.messaging. */
function osloBody(message: object | string, version = '2.0'): Buffer {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  return Buffer.from(JSON.stringify({ 'oslo.version': version, 'oslo.message': text }))
}

/** A call with these arguments, which are JSON. */
function withArguments(args: string): RpcCall {
  const body = Buffer.from(`{"rpc_ctx": {}, "rpc_method": "m", "arguments": ${args}, "async": true}`)
  return decoded({ exchange: '', properties: {}, body, truncated: false })
}

/** Whom a call is about that has these arguments. */
function idsOf(args: object): object {
  const encoded = Object.entries(args).map(([name, value]) => [name, JSON.stringify(value)])
  return withArguments(JSON.stringify(Object.fromEntries(encoded))).ids
}

describe('a call', () => {
  it('is tested on each method, with both drivers and both versions', () => {
    const oslo = Object.keys(IS)
    expect(named('23.0.0', 'oslo')).to.have.members(oslo)
    expect(named('15.0.0', 'oslo')).to.have.members(oslo.filter((name) => name !== 'start_task'))
    expect(named('15.0.0', 'kombu')).to.have.members(
      oslo.filter((name) => name !== 'start_task' && !name.includes('ping')),
    )
  })

  for (const { name, version, driver, input, args, known } of FIXTURES) {
    it(`says what Mistral ${version} said under ${driver}: ${name}`, () => {
      const call = decoded(input)
      const [kind, method, ids, judged] = IS[name] ?? []
      // The kombu driver takes fanout for granted and sends a cast.
      expect(call.kind).to.equal(driver === 'kombu' && kind === 'fanout' ? 'cast' : kind)
      expect(call).to.include({ driver, method, partial: false, redelivered: false })
      expect(call.ids).to.deep.equal(ids?.(known))
      expect(call.args.all()).to.deep.equal(args)
      expect(isJudged(call)).to.equal(judged)
      expect(call.identity).to.be.a('string')
    })
  }

  it('is answered by the reply that has its msgId, in the queue that it names', () => {
    for (const driver of ['oslo', 'kombu'] as const) {
      const call = of('start_workflow', driver)
      const reply = fixture('reply of start_workflow', driver)
      expect(call.msgId).to.be.a('string')
      expect(decoded(reply.input).msgId).to.equal(call.msgId)
      expect(of('failure of start_workflow', driver).msgId).to.equal(call.msgId)
      expect(call.replyTo).to.match(driver === 'oslo' ? /^reply_[\da-f]{32}$/ : /^[\da-f-]{36}$/)
      expect(of('run_action', driver)).to.include({ msgId: undefined, replyTo: undefined })
    }
  })

  it('waits as long as its message lasts, where that is said', () => {
    expect(of('start_workflow', 'oslo').timeoutMs).to.equal(10_000)
    expect(of('run_action', 'oslo').timeoutMs).to.equal(undefined)
    expect(of('start_workflow', 'kombu').timeoutMs).to.equal(undefined)
    const { input } = fixture('start_workflow', 'oslo')
    expect(decoded({ ...input, properties: { expiration: 'soon' } }).timeoutMs).to.equal(undefined)
  })

  it('says that it was redelivered', () => {
    expect(decoded({ ...fixture('run_action', 'oslo').input, redelivered: true }).redelivered).to.equal(true)
  })

  it('has an identity that no other message has', () => {
    for (const version of ['15.0.0', '23.0.0']) {
      const calls = FIXTURES.filter((one) => one.version === version).map(({ input }) => decoded(input))
      // Under kombu this action is run twice, and a start of a workflow is answered twice.
      const again = version === '15.0.0' ? 2 : 0
      expect(new Set(calls.map(({ identity }) => identity)).size).to.equal(calls.length - again)
    }
    const { known } = fixture('run_action', 'kombu')
    expect(of('run_action', 'kombu').identity).to.equal(`run_action ${known.action}`)
    expect(of('start_workflow', 'kombu').identity).to.equal(of('start_workflow', 'kombu').msgId)
    expect(of('notify', 'kombu').identity).to.equal(fixture('notify', 'kombu').input.properties.correlationId)
    expect(of('run_action', 'oslo').identity).to.equal(of('run_action', 'oslo').uniqueId)
  })
})

describe('a reply', () => {
  it('is ok, or says what the exception was', () => {
    for (const driver of ['oslo', 'kombu'] as const) {
      expect(of('reply of start_workflow', driver)).to.include({ ok: true, failure: undefined })
      expect(of('reply of nothing', driver)).to.include({ ok: true, failure: undefined })
      expect(of('failure of start_workflow', driver).ok).to.equal(false)
      expect(of('start_workflow', driver).ok).to.equal(undefined)
    }
    expect(of('failure of start_workflow', 'oslo').failure).to.equal(
      'WorkflowException: Workflow not found [workflow_identifier=nothing]',
    )
    expect(of('failure of start_workflow', 'kombu').failure).to.equal('a pickled exception')
  })

  it('is no answer yet while it only tells that the call goes on', () => {
    const { input } = fixture('reply of nothing', 'oslo')
    const text = input.body.toString().replace('\\"ending\\": true', '\\"ending\\": false')
    expect(decoded({ ...input, body: Buffer.from(text) }).ok).to.equal(undefined)
  })
})

describe('the outcome of an action', () => {
  it('is what its result says', () => {
    for (const driver of ['oslo', 'kombu'] as const) {
      expect(outcomeOf(of('on_action_complete', driver))).to.equal('success')
      expect(outcomeOf(of('on_action_complete, failed', driver))).to.equal('error')
      expect(outcomeOf(of('on_action_complete of a sub-workflow', driver))).to.equal('success')
      expect(outcomeOf(of('on_action_complete of a cancelled sub-workflow', driver))).to.equal('cancelled')
      expect(outcomeOf(of('run_action', driver))).to.equal(undefined)
      expect(outcomeOf(of('reply of start_workflow', driver))).to.equal(undefined)
    }
  })
})

describe('a message without a call', () => {
  const none: Record<string, string | Buffer> = {
    nothing: '',
    text: 'run_action',
    'a number': '7',
    'an empty object': '{}',
    'another object': '{"method": "run_action", "args": {}}',
    'a list': '[{"rpc_method": "run_action", "arguments": {}}]',
    'a notification': osloBody({ event_type: 'compute.start', payload: {}, _unique_id: 'u' }),
    'another version': osloBody({ method: 'run_action', args: {}, _unique_id: 'u' }, '3.0'),
    'a method without a name': osloBody({ method: '', args: {}, _unique_id: 'u' }),
    'a method that is no text': osloBody({ method: 7, args: {}, _unique_id: 'u' }),
    'a method that is too long': osloBody({ method: 'm'.repeat(256), args: {}, _unique_id: 'u' }),
    'a message that is none': osloBody('run_action'),
    'a message that is a list': osloBody('["method", "run_action"]'),
    'a message that ends': osloBody('{"method": "run_action", "args": {'),
    'a reply without a call': osloBody({ result: null, failure: null, _unique_id: 'u' }),
    'a kombu call that ends': '{"rpc_ctx": {}, "rpc_method": "run_action", "arguments": {',
    'a kombu call without a name': '{"rpc_ctx": {}, "rpc_method": null, "arguments": {}, "async": false}',
    'a kombu reply without its properties': '{"body": "1"}',
  }
  for (const [name, body] of Object.entries(none)) {
    it(`is ${name}`, () => {
      const input = { exchange: 'openstack', properties: {}, body: Buffer.from(body), truncated: false }
      expect(decodeCall(input)).to.equal(undefined)
    })
  }

  it('is what only looks like a reply under kombu', () => {
    const { input } = fixture('failure of start_workflow', 'kombu')
    const { correlationId, ...rest } = input.properties
    expect(decodeCall({ ...input, properties: rest })).to.equal(undefined)
    expect(
      decodeCall({ ...input, properties: { ...rest, correlationId, contentType: 'text/plain' } }),
    ).to.equal(undefined)
    const body = Buffer.from('{"answer": "1"}')
    const properties = { correlationId, type: 'response' }
    expect(decodeCall({ ...input, body, properties })).to.equal(undefined)
  })

  it('is not one in another order than Mistral has', () => {
    const message = {
      _context_user: 'u',
      _msg_id: 'm',
      _unique_id: 'u',
      args: { wf_ex_id: '"w"' },
      method: 'stop_workflow',
    }
    const call = decoded({ exchange: 'openstack', properties: {}, body: osloBody(message), truncated: false })
    expect(call).to.include({ kind: 'call', msgId: 'm', identity: 'u' })
    expect(call.ids).to.deep.equal({ workflow: 'w' })
    const request = { async: false, arguments: { wf_ex_id: '"w"' }, rpc_method: 'stop_workflow', rpc_ctx: {} }
    const body = Buffer.from(JSON.stringify(request))
    expect(decoded({ exchange: '', properties: {}, body, truncated: false }).ids).to.deep.equal({
      workflow: 'w',
    })
  })

  it('is not a method that nobody knows', () => {
    const args = { task_ex_id: '"t"', other: '7', ex_id: null }
    const body = osloBody({ method: 'new_method', args, _unique_id: 'u' })
    const call = decoded({ exchange: 'openstack', properties: {}, body, truncated: false })
    expect(call).to.include({ method: 'new_method', kind: 'cast', uniqueId: 'u' })
    expect(call.ids).to.deep.equal({ task: 't' })
    expect(call.args.all()).to.deep.equal({ task_ex_id: 't', other: 7, ex_id: null })
    expect(isJudged(call)).to.equal(false)
  })
})

describe('arguments', () => {
  it('are as they are if they are no JSON', () => {
    expect(
      withArguments('{"a": "NaN", "b": "", "c": 7, "d": {"e": [true]}, "f": null, "g": "null"}').args.all(),
    ).to.deep.equal({
      a: 'NaN',
      b: '',
      c: 7,
      d: { e: [true] },
      f: null,
      g: null,
    })
  })

  it('are only what is there', () => {
    const { args } = withArguments('{"a": "1", "__proto__": "2", "a": "3"}')
    expect(args.names).to.deep.equal(['a', '__proto__'])
    expect(args.get('a')).to.equal(3)
    expect(args.get('__proto__')).to.equal(2)
    expect(args.get('toString')).to.equal(undefined)
    expect(Object.keys(args.all())).to.deep.equal(['a', '__proto__'])
    expect(withArguments('null').args.names).to.deep.equal([])
  })

  it('are the data of an instance', () => {
    for (const [data, expected] of [
      ['{"a": 1}', { a: 1 }],
      ['null', null],
      ['NaN', 'NaN'],
      [{ a: 1 }, { a: 1 }],
    ] as const) {
      const instance = JSON.stringify({ __serial_key: 'mistral.Class', __serial_data: data })
      expect(withArguments(JSON.stringify({ instance })).args.get('instance')).to.deep.equal(expected)
    }
  })

  it('name nobody with what is no id', () => {
    expect(
      idsOf({ wf_ex_id: 7, task_ex_id: '', action_ex_id: 'x'.repeat(256), action_ex_ids: [] }),
    ).to.deep.equal({})
    expect(idsOf({ action_ex_ids: ['a', 7, null], exec_ctx: [], params: 'p' })).to.deep.equal({
      actions: ['a'],
    })
    expect(idsOf({ exec_ctx: { workflow_execution_id: { id: 'w' } } })).to.deep.equal({})
  })
})
