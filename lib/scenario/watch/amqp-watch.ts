import type {
  MessageDelivered,
  MessagePublished,
  MessageWithheld,
  WireFact,
} from '../../ledger/wire-entries.ts'
import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { AmqpFollower, type AmqpEvent } from '../../wire/amqp/follower.ts'
import type { AmqpMessage } from '../../wire/amqp/message.ts'
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
  let inserting = false
  const follower = new AmqpFollower((event) => {
    const fact = factOf(event, place, calls)
    if (fact) record(inserting ? insertedFact(fact) : fact)
  })
  const decoder = (onMessage: (message: AmqpMessage) => void) =>
    new AmqpDecoder({
      onMessage,
      onOpaque: (reason) => record({ kind: 'connection.opaque', ...place, reason }),
      keeps,
    })
  const lanes = {
    upstream: decoder((message) => follower.client(message)),
    downstream: decoder((message) => follower.server(message)),
  }
  // What is put in is whole, and counts neither in the lane's offsets nor among the client's publishes.
  const inserted = {
    upstream: decoder((message) => follower.client(message, false)),
    downstream: decoder((message) => follower.server(message)),
  }
  return {
    upstream: (bytes) => lanes.upstream.push(bytes),
    downstream: (bytes) => lanes.downstream.push(bytes),
    altered: (stream, alteration) => {
      if (alteration.kind !== 'inserted')
        return record({ kind: `message.${alteration.kind}`, ...place, stream, until: alteration.until })
      inserting = true
      inserted[stream].push(alteration.bytes)
      inserting = false
    },
    ended: () => {},
  }
}

/** What is journaled of a message; what was done to it is journaled apart. */
type EventFact = Exclude<WireFact, MessageWithheld>

function insertedFact(fact: EventFact): WireFact {
  if (!('until' in fact)) return { ...fact, inserted: true }
  const { until: _, ...rest } = fact
  return { ...rest, inserted: true }
}

function factOf(event: AmqpEvent, place: Place, calls: Calls): EventFact | undefined {
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
