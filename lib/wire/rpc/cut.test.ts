import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { decodeCall, isJudged, outcomeOf, type RpcCall, type RpcInput } from './call.ts'
import { fixture, FIXTURES } from './fixtures.helper.ts'
import { redactBody } from './redact.ts'

/** The head of a message. */
const headOf = (input: RpcInput, bytes: number): RpcInput => ({
  ...input,
  body: input.body.subarray(0, bytes),
  truncated: true,
})

/** The call that the head of a message is, if it is cut before something that the message says. */
function headBefore({ input }: { input: RpcInput }, what: string): RpcCall | undefined {
  const at = input.body.indexOf(what)
  expect(at, what).to.be.above(0)
  return decodeCall(headOf(input, at))
}

/** Bytes from one cut to the next: every place in a key is met in some fixture. */
const STEP = 7

describe('a body of which only the head was kept', () => {
  for (const { name, version, driver, input } of FIXTURES) {
    it(`says nothing else than the whole one, wherever it was cut: ${name}, ${driver} ${version}`, () => {
      const whole = decodeCall(input)
      expect(decodeCall({ ...input, truncated: true })).to.have.property('method', whole?.method)
      for (let bytes = 0; bytes < input.body.length; bytes += STEP) {
        const head = decodeCall(headOf(input, bytes))
        if (!head) continue
        expect(head.method).to.equal(whole?.method)
        if (head.kind !== 'request') expect(head.kind).to.equal(whole?.kind)
        expect(whole?.ids).to.deep.include(head.ids)
        for (const argument of head.args.names) {
          expect(head.args.get(argument)).to.deep.equal(whole?.args.get(argument))
        }
        if (head.uniqueId !== undefined) expect(head.uniqueId).to.equal(whole?.uniqueId)
        if (!head.partial) expect({ ...head, args: 0 }).to.deep.equal({ ...whole, args: 0 })
        expect([undefined, outcomeOf(whole as RpcCall)]).to.include(outcomeOf(head))
      }
    })
  }

  it('is a whole call under oslo if only its context was cut', () => {
    const call = headBefore(fixture('run_action', 'oslo'), '_user')
    expect(call).to.include({ kind: 'cast', method: 'run_action', partial: false })
    expect(call?.args.names).to.have.length(5)
  })

  it('has a method and the ids that come before the cut', () => {
    for (const driver of ['oslo', 'kombu'] as const) {
      const one = fixture('run_action', driver)
      const call = headBefore(one, 'exec_ctx')
      expect(call).to.include({ kind: 'request', method: 'run_action', partial: true })
      expect(call?.ids).to.deep.equal({ action: one.known.action })
      expect(call?.args.names).to.deep.equal(['action', 'action_ex_id', 'safe_rerun'])
      // It may name somebody behind the cut.
      expect(headBefore(one, 'action_ex_id')).to.deep.include({ ids: {}, partial: true })
      expect(isJudged(headBefore(one, 'action_ex_id') as RpcCall)).to.equal(true)
    }
    expect(headBefore(fixture('run_action', 'oslo'), 'exec_ctx')?.identity).to.equal(undefined)
    const { input } = fixture('run_action', 'kombu')
    expect(headBefore({ input }, 'exec_ctx')?.identity).to.equal(input.properties.correlationId)
  })

  it('has no outcome if the result was cut', () => {
    for (const driver of ['oslo', 'kombu'] as const) {
      const call = headBefore(fixture('on_action_complete', driver), 'cancel')
      expect(call).to.include({ method: 'on_action_complete', partial: true })
      expect(outcomeOf(call as RpcCall)).to.equal(undefined)
    }
  })

  it('is a reply under kombu, whose properties tell', () => {
    expect(headBefore(fixture('reply of start_workflow', 'kombu'), 'RUNNING')).to.include({
      ok: true,
      partial: true,
    })
    expect(headBefore(fixture('reply of start_workflow', 'oslo'), 'RUNNING')).to.equal(undefined)
    const { input } = fixture('failure of start_workflow', 'kombu')
    expect(decodeCall(headOf(input, 0))).to.include({ ok: false, partial: true })
  })
})

describe('what a call says', () => {
  it('does not keep the body in memory', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const text = fixture('run_action', 'oslo').input.body.toString()
    const long = text.replace('\\"action\\": \\"', `$&${'x'.repeat(100_000)}`)
    const kept: unknown[] = []
    collect()
    const before = process.memoryUsage().heapUsed
    for (let round = 0; round < 500; round++) {
      const call = decodeCall({ exchange: '', properties: {}, body: Buffer.from(long), truncated: false })
      kept.push([call?.method, call?.ids, call?.identity])
    }
    collect()
    // The bodies are 50 MB.
    expect(process.memoryUsage().heapUsed - before).to.be.below(5_000_000)
    expect(kept).to.have.length(500)
  })
})

describe('a body without end', () => {
  /** More than is read of any body. */
  const LONG = 1.5 * 1024 * 1024
  const shapes: Record<string, (length: number) => string> = {
    'open lists': (length) => '['.repeat(length),
    'open objects': (length) => '{"a":'.repeat(length / 5),
    backslashes: (length) => '\\'.repeat(length),
    quotes: (length) => '"'.repeat(length),
    'escaped quotes': (length) => '\\"'.repeat(length / 2),
    members: (length) => '"wf_ex_id": "1", '.repeat(length / 17),
    'the word token': (length) => 'token'.repeat(length / 5),
    'tokens without a value': (length) => '"token": {"token": ['.repeat(length / 20),
    schemes: (length) => '://u:'.repeat(length / 5),
  }
  const heads = [
    '',
    '{"rpc_ctx": {}, "rpc_method": "m", "arguments": {"wf_ex_id": "',
    '{"rpc_ctx": {}, "rpc_method": "m", "arguments": {',
    '{"oslo.version": "2.0", "oslo.message": "{\\"method\\": \\"m\\", \\"args\\": {\\"wf_ex_id\\": \\"',
    '{"oslo.version": "2.0", "oslo.message": "{\\"method\\": \\"m\\", \\"args\\": {',
  ]
  for (const [name, shape] of Object.entries(shapes)) {
    it(`takes no time, has it ${name}`, () => {
      for (const head of heads) {
        for (const truncated of [false, true]) {
          const body = Buffer.from(head + shape(LONG))
          const call = decodeCall({ exchange: '', properties: {}, body, truncated })
          expect(call?.method ?? 'm').to.equal('m')
          call?.args.all()
          redactBody(body, LONG)
        }
      }
    }).timeout(5000)
  }
})
