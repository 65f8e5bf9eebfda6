import { expect } from 'chai'
import { defineAmqpToxic } from '../../toxic/amqp.ts'
import type { AttributeValue, Stream } from '../../toxic.ts'
import { encodeMessage, encodeMethod } from '../../wire/amqp/encode.ts'
import { rig, spec, until, type Peer } from '../rig.helper.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')

const eraser = defineAmqpToxic({
  type: 'eraser',
  about: 'For tests.',
  attributes: {},
  on: { upstream: ['basic.publish'], downstream: ['basic.deliver'] },
  open: (lane) => ({ strike: (chunk) => lane.drop(chunk) }),
})

/** An RPC of oslo with an identity. */
const body = (identity: string, method: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      'oslo.version': '2.0',
      'oslo.message': JSON.stringify({ method, args: {}, _unique_id: identity }),
    }),
  )

const publish = (identity: string, method = 'run_action', routingKey = 'mistral_executor'): Buffer =>
  encodeMessage(
    1,
    'basic.publish',
    { ticket: 0, exchange: 'openstack', routingKey, mandatory: false, immediate: false },
    { properties: { contentType: 'application/json' }, body: body(identity, method) },
  )

const eraserOf = (attributes: Record<string, AttributeValue>, name = 'eraser', stream: Stream = 'upstream') =>
  spec(eraser, { name, stream, attributes })

/** What of these messages reaches the server, by their identities. */
async function passing(client: Peer, server: Peer, messages: readonly Buffer[]): Promise<string> {
  for (const message of messages) client.socket.write(message)
  client.socket.write(publish('last', 'other'))
  await until('all has come', () => server.received.includes('last'))
  const found = [...server.received.toString('latin1').matchAll(/_unique_id\\":\\"(\w+)/g)]
  return found.map(([, identity]) => identity).join(' ')
}

describe('which messages a toxic strikes', () => {
  const cases: [string, Record<string, AttributeValue>, Buffer[], string][] = [
    ['the first', {}, ['a', 'b', 'c'].map((id) => publish(id)), 'b c last'],
    ['the nth', { nth: 2 }, ['a', 'b', 'c'].map((id) => publish(id)), 'a c last'],
    [
      'so many from the nth on',
      { nth: 2, count: 2 },
      ['a', 'b', 'c', 'd'].map((id) => publish(id)),
      'a d last',
    ],
    [
      'all from the nth on',
      { call: 'run_action', nth: 2, count: 0 },
      ['a', 'b', 'c'].map((id) => publish(id)),
      'a last',
    ],
    [
      'what is sent again does not count',
      { nth: 2 },
      ['a', 'a', 'b', 'b'].map((id) => publish(id)),
      'a a b last',
    ],
    ['by their call', { call: 'ping' }, [publish('a'), publish('b', 'ping'), publish('c')], 'a c last'],
    [
      'by their routing key',
      { routing_key: 'mistral_*' },
      [publish('a', 'x', 'reply_1'), publish('b')],
      'a last',
    ],
    ['by their exchange', { exchange: 'other' }, [publish('a')], 'a last'],
    [
      'by what their body has',
      { body: 'unique_id.{5}b' },
      ['a', 'b', 'c'].map((id) => publish(id)),
      'a c last',
    ],
    ['none by chance', { probability: 0 }, [publish('a')], 'a last'],
  ]
  for (const [what, attributes, messages, passed] of cases)
    it(what, async () => {
      using it = await rig([eraserOf(attributes)])
      const { client, server } = await it.connect()
      client.socket.write(HEADER)
      expect(await passing(client, server, messages)).to.equal(passed)
    })

  it('one of several links, where they are of one group', async () => {
    using it = await rig([eraserOf({ group: 'g', nth: 3 })])
    const other = await it.proxies.create({
      name: 'q',
      upstream: it.server.address,
      toxics: [eraserOf({ group: 'g', nth: 3 })],
    })
    const one = await it.connect()
    const two = await it.connect({ to: other })
    for (const { client } of [one, two]) client.socket.write(HEADER)
    // What is sent again does not count: b is the third.
    expect(await passing(one.client, one.server, [publish('a')])).to.equal('a last')
    expect(await passing(two.client, two.server, [publish('b')])).to.equal('last')
  })

  it('none on a connection that was not followed from its beginning, and says so', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.write(HEADER)
    it.proxy.toxics.add(eraserOf({}))
    expect(await passing(client, server, [publish('a')])).to.equal('a last')
    expect(it.events.filter(({ kind }) => kind === 'toxic.spared')).to.have.length(1)
  })

  it('none that is too long, and says so where it may be one that was meant', async () => {
    using it = await rig([
      eraserOf({ routing_key: 'big' }, 'meant'),
      eraserOf({ call: 'run_action' }, 'perhaps'),
      eraserOf({ routing_key: 'small' }, 'other'),
    ])
    const { client, server } = await it.connect()
    const fields = { ticket: 0, exchange: '', routingKey: 'big', mandatory: false, immediate: false }
    const long = Buffer.alloc(2 ** 20 + 1, 'x')
    const big = encodeMessage(1, 'basic.publish', fields, { properties: {}, body: long }, 2 ** 17)
    client.socket.write(Buffer.concat([HEADER, big, big]))
    await until('all has come', () => server.received.length === HEADER.length + 2 * big.length)
    const spared = it.events.filter((event) => event.kind === 'toxic.spared')
    expect(spared.map(({ by, reason }) => `${by}: ${reason}`)).to.deep.equal([
      'meant: a basic.publish is longer than 1 MiB, and cannot be struck',
      'perhaps: a basic.publish is longer than 1 MiB, and cannot be struck',
    ])
    const undecided = (name: string) => it.proxy.toxics.get(name)?.strikes.read().messagesUndecided
    expect(['meant', 'perhaps', 'other'].map(undecided)).to.deep.equal([2, 2, undefined])
    // They go on message by message again.
    expect(await passing(client, server, [publish('a')])).to.equal('last')
  })

  it('on a connection that is followed, from its arming on, in the middle of a message too', async () => {
    using it = await rig([], { follows: () => true })
    const { client, server } = await it.connect()
    const [first, second] = [publish('a'), publish('b')]
    client.socket.write(Buffer.concat([HEADER, first.subarray(0, 20)]))
    await until('the beginning has come', () => server.received.length === HEADER.length + 20)
    it.proxy.toxics.add(eraserOf({}))
    client.socket.write(Buffer.concat([first.subarray(20), second]))
    expect(await passing(client, server, [publish('c')])).to.equal('a c last')
    it.proxy.toxics.remove('eraser')
    client.socket.write(encodeMethod(1, 'basic.ack', { deliveryTag: 1, multiple: false }))
    client.socket.write(publish('d'))
    await until('it goes on', () => server.received.includes('"d'))
  })
})
