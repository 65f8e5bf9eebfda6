import { expect } from 'chai'
import { definitions, framing } from './amqplib.helper.ts'
import { AmqpDecoder } from './decoder.ts'
import { AmqpFollower, type AmqpEvent } from './follower.ts'
import { METHODS } from './methods.ts'
import { METHOD_BY_NAME, type MethodName } from './specification.ts'

/** One step of a conversation: who sends which method, on channel 1 unless told otherwise. */
type Step = [
  by: 'client' | 'server',
  method: MethodName,
  fields?: object,
  more?: { channel?: number; body?: string },
]

/** amqplib's own bytes for a step; arguments that are left out are empty. */
function bytesOf([, method, fields = {}, { channel = 1, body = '' } = {}]: Step): Buffer {
  const known = METHOD_BY_NAME.get(method)
  if (!known) throw new Error(method)
  const empty = Object.fromEntries(
    known.args.map(([name, type]) => [
      name,
      type === 'bit'
        ? false
        : type === 'table'
          ? {}
          : type === 'longstr'
            ? Buffer.alloc(0)
            : type === 'shortstr'
              ? ''
              : 0,
    ]),
  )
  const frames = [definitions.encodeMethod(known.id, channel, { ...empty, ...fields })]
  if ('content' in METHODS[method])
    frames.push(
      definitions.encodeProperties(60, channel, Buffer.byteLength(body), {}),
      ...(body === '' ? [] : [framing.makeBodyFrame(channel, Buffer.from(body))]),
    )
  return Buffer.concat(frames)
}

function eventsOf(...steps: Step[]): AmqpEvent[] {
  const events: AmqpEvent[] = []
  const follower = new AmqpFollower((event) => events.push(event))
  const sides = {
    client: new AmqpDecoder({ onMessage: (message) => follower.client(message) }),
    server: new AmqpDecoder({ onMessage: (message) => follower.server(message) }),
  }
  sides.client.push(Buffer.from(framing.PROTOCOL_HEADER, 'latin1'))
  for (const step of steps) sides[step[0]].push(bytesOf(step))
  return events
}

const kinds = (events: AmqpEvent[]): string[] => events.map(({ kind }) => kind)

const consume: Step[] = [
  ['client', 'basic.consume', { queue: 'q', consumerTag: 'c' }],
  ['server', 'basic.consume-ok', { consumerTag: 'c' }],
]
const deliver = (deliveryTag: number, consumerTag = 'c'): Step => [
  'server',
  'basic.deliver',
  { consumerTag, deliveryTag, exchange: 'x', routingKey: 'k' },
  { body: 'hello' },
]

const publishesOn = (channel: number): Step[] => [
  ['client', 'confirm.select', {}, { channel }],
  ['client', 'basic.publish', {}, { channel }],
]

describe('what the messages of an AMQP connection mean', () => {
  it('is that publishes are numbered from the moment on in which confirms were selected', () => {
    const publish: Step = ['client', 'basic.publish', { exchange: 'x', routingKey: 'k' }, { body: 'b' }]
    const events = eventsOf(publish, ['client', 'confirm.select'], publish, publish, [
      'server',
      'basic.ack',
      { deliveryTag: 2, multiple: true },
    ])
    expect(events.map((event) => 'tag' in event && event.tag)).to.deep.equal([0, 1, 2, 2])
    expect(events.at(-1)).to.include({ kind: 'confirmed', multiple: true, nack: false })
  })

  it('is that a channel which is opened again begins anew, and others go on', () => {
    const events = eventsOf(
      ...publishesOn(1),
      ...publishesOn(2),
      ['client', 'channel.close', { replyCode: 200 }],
      ...publishesOn(1),
      ...publishesOn(2),
    )
    const published = events.filter(({ kind }) => kind === 'published')
    expect(published.map((event) => 'tag' in event && event.tag)).to.deep.equal([1, 1, 1, 2])
  })

  it('is where a delivery comes from', () => {
    const [begun, delivered] = eventsOf(...consume, deliver(1))
    expect(begun).to.include({ kind: 'consumer.begun', queue: 'q', consumer: 'c' })
    expect(delivered).to.include({ kind: 'delivered', queue: 'q', tag: 1, noAck: false })
    if (delivered?.kind !== 'delivered') throw new Error('not delivered')
    expect(delivered.content.body.toString()).to.equal('hello')
  })

  it('is where a delivery comes from that is ahead of the answer to its consumer', () => {
    const [first = consume[0], second = consume[1]] = consume
    const events = eventsOf(...([first, deliver(1), second] as Step[]))
    expect(events[0]).to.include({ kind: 'delivered', queue: 'q' })
  })

  it('is that the broker names queues and consumers whose names are empty', () => {
    const events = eventsOf(
      ['client', 'queue.declare', { queue: '' }],
      ['server', 'queue.declare-ok', { queue: 'amq.gen-1', messageCount: 3, consumerCount: 0 }],
      ['client', 'queue.bind', { queue: '', exchange: 'x', routingKey: 'k' }],
      ['client', 'basic.consume', { queue: '', consumerTag: '' }],
      ['server', 'basic.consume-ok', { consumerTag: 'amq.ctag-1' }],
      deliver(1, 'amq.ctag-1'),
    )
    expect(events[0]).to.deep.equal({ kind: 'queue.declared', queue: 'amq.gen-1', messages: 3, consumers: 0 })
    expect(events.slice(1).map((event) => 'queue' in event && event.queue)).to.deep.equal(
      Array.from({ length: 3 }, () => 'amq.gen-1'),
    )
  })

  it('is what a get has got, one after the other', () => {
    const events = eventsOf(
      ['client', 'basic.get', { queue: 'empty' }],
      ['client', 'basic.get', { queue: 'q', noAck: true }],
      ['server', 'basic.get-empty'],
      ['server', 'basic.get-ok', { deliveryTag: 1, exchange: 'x', routingKey: 'k' }],
    )
    expect(events).to.have.length(1)
    expect(events[0]).to.include({ kind: 'delivered', queue: 'q', noAck: true })
  })

  it('is what is still delivered to a consumer that was cancelled', () => {
    const events = eventsOf(...consume, ['client', 'basic.cancel', { consumerTag: 'c' }], deliver(1))
    expect(events.at(-1)).to.include({ kind: 'delivered', queue: 'q' })
    expect(events.at(-2)).to.include({ kind: 'consumer.cancelled', by: 'client' })
  })

  it('is who refused what', () => {
    const events = eventsOf(
      ['client', 'basic.ack', { deliveryTag: 1 }],
      ['client', 'basic.nack', { deliveryTag: 2, multiple: true, requeue: true }],
      ['client', 'basic.reject', { deliveryTag: 3 }],
      ['server', 'basic.nack', { deliveryTag: 1 }],
      ['server', 'basic.cancel', { consumerTag: 'c' }],
      ['server', 'basic.return', { replyCode: 312, exchange: 'x', routingKey: 'nobody' }],
    )
    expect(kinds(events)).to.deep.equal([
      'acked',
      'acked',
      'acked',
      'confirmed',
      'consumer.cancelled',
      'returned',
    ])
    expect(events[1]).to.include({ how: 'nack', multiple: true, requeue: true })
    expect(events[3]).to.include({ nack: true })
    expect(events[4]).to.include({ by: 'broker' })
  })

  it('is why it was closed, blocked and unblocked', () => {
    const events = eventsOf(
      ['server', 'connection.blocked', { reason: 'low on memory' }, { channel: 0 }],
      ['server', 'connection.unblocked', {}, { channel: 0 }],
      ['server', 'channel.close', { replyCode: 406, replyText: 'PRECONDITION_FAILED' }],
      ['client', 'connection.close', { replyCode: 200, replyText: 'bye' }, { channel: 0 }],
    )
    expect(events).to.deep.equal([
      { kind: 'blocked', reason: 'low on memory' },
      { kind: 'unblocked' },
      { kind: 'closed', channel: 1, by: 'broker', code: 406, text: 'PRECONDITION_FAILED' },
      { kind: 'closed', channel: 0, by: 'client', code: 200, text: 'bye' },
    ])
  })
})
