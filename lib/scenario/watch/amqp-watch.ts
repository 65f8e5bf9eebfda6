import type { MessageDelivered, MessagePublished, WireFact } from '../../ledger/wire-entries.ts'
import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { AmqpFollower, type AmqpEvent } from '../../wire/amqp/follower.ts'
import { redactBody } from '../../wire/rpc/redact.ts'
import type { Calls } from './calls.ts'
import type { Place, RecordFact, Watch } from './watch.ts'

type EventOf<K extends AmqpEvent['kind']> = Extract<AmqpEvent, { kind: K }>

/** Of a message's body the journal keeps no more than this, in bytes. */
const BODY_BYTES = 512

/** Reads one connection to RabbitMQ and journals what its messages mean. */
export function watchAmqp(place: Place, record: RecordFact, calls: Calls): Watch {
  const opaque = (reason: string) => record({ kind: 'connection.opaque', ...place, reason })
  const follower = new AmqpFollower((event) => {
    const fact = factOf(event, place, calls)
    if (fact) record(fact)
  })
  const upstream = new AmqpDecoder({ onMessage: (message) => follower.client(message), onOpaque: opaque })
  const downstream = new AmqpDecoder({ onMessage: (message) => follower.server(message), onOpaque: opaque })
  return {
    upstream: (bytes) => upstream.push(bytes),
    downstream: (bytes) => downstream.push(bytes),
    ended: () => {},
  }
}

function factOf(event: AmqpEvent, place: Place, calls: Calls): WireFact | undefined {
  switch (event.kind) {
    case 'published':
      return publishedFact(event, place, calls)
    case 'delivered':
      return deliveredFact(event, place, calls)
    case 'returned': {
      const { channel, code, exchange, routingKey, content, end: until } = event
      const call = calls.of(exchange, content)
      return {
        kind: 'message.returned',
        ...place,
        channel,
        code,
        exchange,
        routingKey,
        ...(call && { call }),
        until,
      }
    }
    case 'confirmed': {
      const { channel, tag, multiple, nack, end: until } = event
      return { kind: 'message.confirmed', ...place, channel, tag, multiple, nack, until }
    }
    case 'acked': {
      const { channel, tag, multiple, how, requeue, end: until } = event
      return { kind: 'message.acked', ...place, channel, tag, multiple, how, requeue, until }
    }
    case 'bound':
    case 'unbound': {
      const { queue, exchange, routingKey } = event
      const unbound = event.kind === 'unbound' ? ({ unbound: true } as const) : {}
      return { kind: 'queue.bound', ...place, queue, exchange, routingKey, ...unbound }
    }
    case 'closed':
      return { ...event, kind: 'channel.closed', ...place }
    case 'blocked':
      return { kind: 'connection.blocked', ...place, reason: event.reason }
    case 'unblocked':
      return { kind: 'connection.unblocked', ...place }
    case 'malformed':
      return { kind: 'connection.opaque', ...place, reason: event.reason }
    default:
      return { ...event, ...place }
  }
}

function publishedFact(event: EventOf<'published'>, place: Place, calls: Calls): MessagePublished {
  const { channel, tag, exchange, routingKey, mandatory, content, end: until } = event
  const expirationMs = Number(content.properties.expiration)
  const call = calls.of(exchange, content)
  const judged = call !== undefined && (call.judged || call.kind === 'reply')
  return {
    kind: 'message.published',
    ...place,
    channel,
    tag,
    exchange,
    routingKey,
    ...(mandatory && { mandatory }),
    ...(content.properties.expiration !== undefined && Number.isFinite(expirationMs) && { expirationMs }),
    size: content.bodySize,
    until,
    ...(call && { call }),
    ...(judged && { body: redactBody(content.body, BODY_BYTES) }),
  }
}

function deliveredFact(event: EventOf<'delivered'>, place: Place, calls: Calls): MessageDelivered {
  const { channel, tag, queue, noAck, redelivered, exchange, routingKey, content, end: until } = event
  const call = calls.of(exchange, content)
  return {
    kind: 'message.delivered',
    ...place,
    channel,
    tag,
    ...(queue !== undefined && { queue }),
    ...(noAck && { noAck }),
    redelivered,
    exchange,
    routingKey,
    size: content.bodySize,
    until,
    ...(call && { call }),
  }
}
