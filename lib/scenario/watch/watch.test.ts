import { expect } from 'chai'
import { noBytes } from '../../proxy/evidence.ts'
import type { Alteration } from '../../proxy/tap.ts'
import type { WireFact } from '../../ledger/wire-entries.ts'
import { encodeMessage, encodeMethod } from '../../wire/amqp/encode.ts'
import { client, server } from '../../wire/postgres/conversation.helper.ts'
import { errorResponse } from '../../wire/postgres/encode.ts'
import { together, watchWire, type WireWatch } from './watch.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')
const CONTEXT = { _context_auth_token: 'very-secret', _unique_id: 'u1' }
const RUN_ACTION = {
  method: 'run_action',
  args: {
    action_ex_id: '"a1"',
    exec_ctx: '{"workflow_execution_id":"w1","task_execution_id":"t1"}',
  },
  ...CONTEXT,
}
const body = Buffer.from(
  JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(RUN_ACTION) }),
)

const publish = encodeMessage(
  1,
  'basic.publish',
  { ticket: 0, exchange: 'openstack', routingKey: 'mistral_executor', mandatory: false, immediate: false },
  { properties: { contentType: 'application/json' }, body },
)
const deliver = encodeMessage(
  1,
  'basic.deliver',
  {
    consumerTag: 'c',
    deliveryTag: 1,
    redelivered: false,
    exchange: 'openstack',
    routingKey: 'mistral_executor',
  },
  { properties: { contentType: 'application/json' }, body },
)

/** What is journaled of these bytes on one connection of a link. */
function factsOf(link: string, ...pieces: ['upstream' | 'downstream', Buffer | Alteration][]): WireFact[] {
  const facts: WireFact[] = []
  const watch = watchWire((fact) => facts.push(fact), 'node')
  for (const [stream, seen] of pieces) {
    const tap = watch.tap(link, 1, stream)
    if (Buffer.isBuffer(seen)) tap?.arrived(seen, 0)
    else tap?.altered(seen, 0)
  }
  const lanes = { upstream: { ...noBytes(), received: 9, sent: 7 }, downstream: noBytes() }
  watch.onEvent({
    kind: 'connection.closed',
    proxy: link,
    connection: 1,
    at: 0,
    cut: undefined,
    bytes: lanes,
  })
  return facts
}

describe('what is read on the links', () => {
  it('is journaled from a connection’s beginning to its end, with how far it was handed on', () => {
    const facts = factsOf('engine-1.rabbitmq', ['upstream', HEADER])
    expect(facts).to.deep.equal([
      { kind: 'connection.opened', link: 'engine-1.rabbitmq', connection: 1, side: 'node' },
      {
        kind: 'connection.closed',
        link: 'engine-1.rabbitmq',
        connection: 1,
        received: { upstream: 9, downstream: 0 },
        forwarded: { upstream: 7, downstream: 0 },
      },
    ])
  })

  it('of RabbitMQ are calls with whom they name, and bodies without secrets', () => {
    const facts = factsOf(
      'engine-1.rabbitmq',
      ['upstream', Buffer.concat([HEADER, encodeMethod(1, 'confirm.select', { nowait: false }), publish])],
      ['downstream', deliver],
    )
    const published = facts.find(({ kind }) => kind === 'message.published')
    const delivered = facts.find(({ kind }) => kind === 'message.delivered')
    if (published?.kind !== 'message.published' || delivered?.kind !== 'message.delivered')
      throw new Error('neither published nor delivered')
    expect(published).to.deep.include({ tag: 1, exchange: 'openstack', size: body.length })
    expect(published.call).to.deep.equal({
      driver: 'oslo',
      kind: 'cast',
      method: 'run_action',
      judged: true,
      identity: 'u1',
      workflow: 'w1',
      task: 't1',
      action: 'a1',
    })
    expect(published.body).to.include('action_ex_id').and.not.include('very-secret')
    expect(delivered.call?.identity).to.equal('u1')
    expect(delivered).to.not.have.property('body')
  })

  it('of RabbitMQ is what toxics take out, let go and put in, which counts as nobody’s', () => {
    const select = encodeMethod(1, 'confirm.select', { nowait: false })
    const until = HEADER.length + select.length + publish.length
    const confirm = encodeMethod(1, 'basic.ack', { deliveryTag: 1, multiple: false })
    const facts = factsOf(
      'engine-1.rabbitmq',
      ['upstream', Buffer.concat([HEADER, select, publish])],
      ['upstream', { kind: 'withheld', until }],
      ['downstream', { kind: 'inserted', bytes: confirm }],
      ['upstream', { kind: 'inserted', bytes: publish }],
      ['upstream', { kind: 'released', until }],
      ['upstream', publish],
      ['downstream', { kind: 'inserted', bytes: deliver }],
    ).slice(1, -1)
    const place = { link: 'engine-1.rabbitmq', connection: 1 }
    const [first, withheld, confirmed, copy, released, second, delivered, ...more] = facts
    expect(more).to.deep.equal([])
    expect(first)
      .to.deep.include({ kind: 'message.published', tag: 1, until })
      .and.not.have.property('inserted')
    expect(withheld).to.deep.equal({ kind: 'message.withheld', ...place, stream: 'upstream', until })
    expect(confirmed).to.deep.include({ kind: 'message.confirmed', tag: 1, inserted: true })
    expect(copy).to.deep.include({ kind: 'message.published', tag: 0, inserted: true })
    expect(released).to.deep.equal({ kind: 'message.released', ...place, stream: 'upstream', until })
    expect(second).to.deep.include({ kind: 'message.published', tag: 2, until: until + publish.length })
    expect(delivered).to.deep.include({ kind: 'message.delivered', tag: 1, inserted: true })
    for (const fact of [confirmed, copy, delivered]) expect(fact).to.not.have.property('until')
  })

  it('of PostgreSQL are errors without the values that they quote', () => {
    const { query, startup } = client
    const given = 'invalid input syntax for type integer: "very-secret"'
    const failed = errorResponse({ severity: 'ERROR', code: '22P02', message: given })
    const facts = factsOf(
      'engine-1.postgres',
      ['upstream', startup({ user: 'mistral', database: 'mistral' })],
      ['downstream', Buffer.concat([server.authentication(0), server.ready('I')])],
      ['upstream', query('BEGIN')],
      ['downstream', Buffer.concat([server.complete('BEGIN'), server.ready('T')])],
      ['upstream', query("SELECT 'very-secret'::integer")],
      ['downstream', Buffer.concat([failed, server.ready('E')])],
    )
    const [told] = facts.filter(({ kind }) => kind === 'transaction.failed')
    expect(told).to.deep.include({
      sqlstate: '22P02',
      error: 'invalid input syntax for type integer: "***"',
    })
    expect(JSON.stringify(facts)).to.not.include('very-secret')
  })

  it('that is no AMQP is told once', () => {
    const tls = Buffer.from('160301020001', 'hex')
    const facts = factsOf('engine-1.rabbitmq', ['upstream', tls], ['upstream', tls])
    expect(facts.filter(({ kind }) => kind === 'connection.opaque')).to.have.length(1)
  })

  it('of other services is nothing', () => {
    expect(factsOf('engine-1.memcached', ['upstream', HEADER])).to.deep.equal([])
  })
})

const watching = (seen: string[], name: string, blind: boolean): WireWatch => ({
  tap: (_link, _connection, stream) =>
    blind
      ? undefined
      : {
          arrived: (bytes, at) => void seen.push(`${name} ${stream} ${bytes.toString()} ${at}`),
          altered: ({ kind }, at) => void seen.push(`${name} ${stream} ${kind} ${at}`),
        },
  onEvent: ({ kind }) => void seen.push(`${name} ${kind}`),
})

describe('several watches together', () => {
  const event = { kind: 'connection.opened', proxy: 'p', connection: 1, at: 0 } as const

  it('see the same, in their order', () => {
    const seen: string[] = []
    const all = together([watching(seen, 'a', false), watching(seen, 'b', true), watching(seen, 'c', false)])
    all.tap('p', 1, 'upstream')?.arrived(Buffer.from('x'), 5)
    all.onEvent(event)
    expect(seen).to.deep.equal([
      'a upstream x 5',
      'c upstream x 5',
      'a connection.opened',
      'b connection.opened',
      'c connection.opened',
    ])
  })

  it('leave a lane alone that none of them looks at', () => {
    expect(together([watching([], 'a', true)]).tap('p', 1, 'upstream')).to.equal(undefined)
  })
})
