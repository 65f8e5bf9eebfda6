import { encodeMessage, encodeMethod } from '../../wire/amqp/encode.ts'
import type { Properties } from '../../wire/amqp/specification.ts'
import { MARKS, ON_ACTION_COMPLETE, RUN_ACTION } from './bodies.ts'

const CHANNEL = 1
const CONSUMER = '1'
const EXCHANGE = 'openstack'
const PROPERTIES: Properties = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  headers: {},
  deliveryMode: 2,
  priority: 0,
}
/** Behind the frame's head and the method's id; publishes have none. */
const TAG_AT = 7 + 4
const WORKFLOW_ACTIONS = 10

type Mark = keyof typeof MARKS

/** Bytes of one message, with the places where each has its own number. */
interface Template {
  bytes: Buffer
  places: [at: number, mark: Mark][]
  /** Where its delivery tag is. */
  tagAt?: number
}

function template(bytes: Buffer, tagAt?: number): Template {
  const places = (Object.keys(MARKS) as Mark[]).flatMap((mark) => {
    const found: [number, Mark][] = []
    for (let at = bytes.indexOf(MARKS[mark]); at >= 0; at = bytes.indexOf(MARKS[mark], at + 1))
      found.push([at, mark])
    return found
  })
  return { bytes, places, ...(tagAt === undefined ? {} : { tagAt }) }
}

const publish = (body: string, routingKey: string): Template =>
  template(
    encodeMessage(
      CHANNEL,
      'basic.publish',
      { ticket: 0, exchange: EXCHANGE, routingKey, mandatory: false, immediate: false },
      { properties: PROPERTIES, body: Buffer.from(body) },
    ),
  )

function delivery(body: string, routingKey: string): Template {
  const consumerTag = CONSUMER
  const fields = { consumerTag, deliveryTag: 0, redelivered: false, exchange: EXCHANGE, routingKey }
  const content = { properties: PROPERTIES, body: Buffer.from(body) }
  const bytes = encodeMessage(CHANNEL, 'basic.deliver', fields, content)
  return template(bytes, TAG_AT + 1 + consumerTag.length)
}

const ack = template(encodeMethod(CHANNEL, 'basic.ack', { deliveryTag: 0, multiple: false }), TAG_AT)

/** An action is published for and its result is told: two messages, with ids of their own. */
const PUBLISHES = [publish(RUN_ACTION, 'mistral_executor'), publish(ON_ACTION_COMPLETE, 'mistral_engine')]
const DELIVERIES = [delivery(RUN_ACTION, 'mistral_executor'), delivery(ON_ACTION_COMPLETE, 'mistral_engine')]

/** Bytes of `count` messages from number `from` on. Batches of as many messages are equally long if the number is even. */
export const publishes = (from: number, count: number): Buffer => batch(PUBLISHES, from, count)
export const deliveries = (from: number, count: number): Buffer => batch(DELIVERIES, from, count)
/** A confirm is a broker's ack. */
export const acks = (from: number, count: number): Buffer => batch([ack], from, count)

function batch(templates: readonly Template[], from: number, count: number): Buffer {
  const of = (number: number): Template => templates[number % templates.length] as Template
  let length = 0
  for (let number = from; number < from + count; number += 1) length += of(number).bytes.length
  const bytes = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (let number = from; number < from + count; number += 1) at = stamp(of(number), bytes, at, number)
  return bytes
}

/** Writes a message with its ids. Tags begin at 1. */
function stamp({ bytes, places, tagAt }: Template, into: Buffer, begin: number, number: number): number {
  bytes.copy(into, begin)
  const action = Math.floor(number / PUBLISHES.length)
  const numbers = { action, workflow: Math.floor(action / WORKFLOW_ACTIONS), message: number }
  for (const [at, mark] of places) writeDigits(into, begin + at, numbers[mark])
  if (tagAt !== undefined) into.writeUInt32BE(number + 1, begin + tagAt + 4)
  return begin + bytes.length
}

const DIGITS = Buffer.from('0123456789abcdef')
const WIDTH = 8

function writeDigits(into: Buffer, at: number, value: number): void {
  for (let digit = 0; digit < WIDTH; digit += 1)
    into[at + digit] = DIGITS[(value >>> (4 * (WIDTH - 1 - digit))) & 15] as number
}

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

/** What a publisher's client and broker say before the first message. */
export const publisherOpening = {
  client: Buffer.concat([
    PROTOCOL_HEADER,
    encodeMethod(CHANNEL, 'exchange.declare', {
      ticket: 0,
      exchange: EXCHANGE,
      type: 'topic',
      passive: false,
      durable: false,
      autoDelete: false,
      internal: false,
      nowait: false,
      arguments: {},
    }),
    ...['mistral_executor', 'mistral_engine'].map((queue) =>
      encodeMethod(CHANNEL, 'queue.bind', {
        ticket: 0,
        queue,
        exchange: EXCHANGE,
        routingKey: queue,
        nowait: false,
        arguments: {},
      }),
    ),
    encodeMethod(CHANNEL, 'confirm.select', { nowait: false }),
  ]),
  broker: encodeMethod(CHANNEL, 'confirm.select-ok', {}),
}

/** The same for a consumer's. */
export const consumerOpening = {
  client: Buffer.concat([
    PROTOCOL_HEADER,
    encodeMethod(CHANNEL, 'basic.consume', {
      ticket: 0,
      queue: 'mistral_executor',
      consumerTag: CONSUMER,
      noLocal: false,
      noAck: false,
      exclusive: false,
      nowait: false,
      arguments: {},
    }),
  ]),
  broker: encodeMethod(CHANNEL, 'basic.consume-ok', { consumerTag: CONSUMER }),
}
