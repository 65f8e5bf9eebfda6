import type { MessageDelivered, MessagePublished, WireFact } from '../../ledger/wire-entries.ts'
import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { AmqpFollower, type AmqpEvent } from '../../wire/amqp/follower.ts'
import type { Properties } from '../../wire/amqp/specification.ts'
import { canBeCall } from '../../wire/rpc/call.ts'
import { redactBody } from '../../wire/rpc/redact.ts'
import type { Calls } from './calls.ts'
import type { Place, RecordFact, Watch } from './watch.ts'

type EventOf<K extends AmqpEvent['kind']> = Extract<AmqpEvent, { kind: K }>

/** Of a message's body the journal keeps no more than this, in bytes. */
const BODY_BYTES = 512

const keeps = (properties: Properties, body: Buffer): boolean => canBeCall({ properties, body })

/** Reads one connection to RabbitMQ and journals what its messages mean. */
export function watchAmqp(place: Place, record: RecordFact, calls: Calls): Watch {
  const opaque = (reason: string) => record({ kind: 'connection.opaque', ...place, reason })
  const follower = new AmqpFollower((event) => {
    const fact = factOf(event, place, calls)
    if (fact) record(fact)
  })
  const upstream = new AmqpDecoder({
    onMessage: (message) => follower.client(message),
    onOpaque: opaque,
    keeps,
  })
  const downstream = new AmqpDecoder({
    onMessage: (message) => follower.server(message),
    onOpaque: opaque,
    keeps,
  })
  return {
    upstream: (bytes) => upstream.push(bytes),
    downstream: (bytes) => downstream.push(bytes),
    ended: () => {},
  }
}

function factOf(event: AmqpEvent, place: Place, calls: Calls): WireFact | undefined {
  const { link, connection } = place
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
      return { kind: 'message.confirmed', link, connection, channel, tag, multiple, nack, until }
    }
    case 'acked': {
      const { channel, tag, multiple, how, requeue, end: until } = event
      return { kind: 'message.acked', link, connection, channel, tag, multiple, how, requeue, until }
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

// Members that may be missing are added, since spreading them takes longer than all the rest.

function publishedFact(event: EventOf<'published'>, place: Place, calls: Calls): MessagePublished {
  const { channel, tag, exchange, routingKey, mandatory, content, end: until } = event
  const { link, connection } = place
  const { bodySize: size, properties } = content
  const call = calls.of(exchange, content)
  const fact: MessagePublished = {
    kind: 'message.published',
    link,
    connection,
    channel,
    tag,
    exchange,
    routingKey,
    size,
    until,
  }
  if (mandatory) fact.mandatory = true
  const expirationMs = properties.expiration === undefined ? Number.NaN : Number(properties.expiration)
  if (Number.isFinite(expirationMs)) fact.expirationMs = expirationMs
  if (!call) return fact
  fact.call = call
  if (call.judged || call.kind === 'reply') fact.body = redactBody(content.body, BODY_BYTES)
  return fact
}

function deliveredFact(event: EventOf<'delivered'>, place: Place, calls: Calls): MessageDelivered {
  const { channel, tag, queue, noAck, redelivered, exchange, routingKey, content, end: until } = event
  const { link, connection } = place
  const fact: MessageDelivered = {
    kind: 'message.delivered',
    link,
    connection,
    channel,
    tag,
    redelivered,
    exchange,
    routingKey,
    size: content.bodySize,
    until,
  }
  if (queue !== undefined) fact.queue = queue
  if (noAck) fact.noAck = true
  const call = calls.of(exchange, content)
  if (call) fact.call = call
  return fact
}
