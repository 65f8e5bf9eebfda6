import * as fc from 'fast-check'
import { definitions, framing } from './amqplib.helper.ts'
import { AmqpDecoder, type AmqpDecoderOptions } from './decoder.ts'
import type { AmqpMessage } from './message.ts'
import { METHODS } from './methods.ts'
import {
  METHOD_BY_NAME,
  PROPERTY_TYPES,
  type FieldType,
  type FieldTypes,
  type Method,
} from './specification.ts'

/** A message as it was encoded, to be compared with what is decoded. */
export interface Sent {
  channel: number
  method: string
  fields: object
  properties?: object
  body?: Buffer
}

/** The frames of a message, as amqplib encodes them. */
export interface Encoded {
  sent: Sent
  frames: Buffer[]
}

const shortstr = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => Buffer.byteLength(text) < 256)
const longstr = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const keys = fc.oneof(fc.constantFrom('x-match', 'x-expires', '__proto__', 'constructor', ''), shortstr)

/** Tables of what both amqplib and we have a value for. */
const tables = fc.letrec<{ value: unknown; table: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    // Beyond it amqplib and we part: it writes integers where we write doubles.
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    fc.integer({ min: -300, max: 300 }),
    fc.double({ min: -(2 ** 50), max: 2 ** 50, noNaN: true }).filter((number) => number % 1 !== 0),
    fc.string({ unit: 'grapheme' }),
    longstr,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('table'),
  ),
  table: fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: false }),
})).table

const VALUES: Record<FieldType, fc.Arbitrary<unknown>> = {
  bit: fc.boolean(),
  octet: fc.nat(255),
  short: fc.nat(2 ** 16 - 1),
  long: fc.nat(2 ** 32 - 1),
  longlong: fc.maxSafeNat(),
  timestamp: fc.maxSafeNat(),
  shortstr,
  longstr,
  table: tables,
}

function record(types: FieldTypes, options?: { requiredKeys: [] }): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(types.map(([name, type]) => [name, VALUES[type]])), options)
}

export const properties = record(PROPERTY_TYPES, { requiredKeys: [] })
export const argumentsOf = ({ args }: Method): fc.Arbitrary<object> => record(args)
export const methods = fc
  .constantFrom(...Object.keys(METHODS))
  .map((name) => METHOD_BY_NAME.get(name) as Method)

const bodies = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9000 }).map((size) => Buffer.alloc(size, 'body')) },
)

/** Any message that amqplib can encode, its body cut into frames. */
function messages(channel: number): fc.Arbitrary<Encoded> {
  return methods.chain((method) => {
    if (!method.hasContent) return argumentsOf(method).map((fields) => encoded(channel, method, fields))
    return fc
      .record({
        fields: argumentsOf(method),
        properties,
        body: bodies,
        most: fc.integer({ min: 1, max: 5000 }),
      })
      .map(({ fields, properties, body, most }) => {
        const { sent, frames } = encoded(channel, method, fields)
        frames.push(definitions.encodeProperties(60, channel, body.length, properties))
        const step = Math.max(most, Math.ceil(body.length / 20))
        for (let at = 0; at < body.length; at += step)
          frames.push(framing.makeBodyFrame(channel, body.subarray(at, at + step)))
        return { sent: { ...sent, properties, body }, frames }
      })
  })
}

function encoded(channel: number, { id, name }: Method, fields: object): Encoded {
  return { sent: { channel, method: name, fields }, frames: [definitions.encodeMethod(id, channel, fields)] }
}

/** A lane's bytes, its frames, and what was sent on it, in the order of the last bytes. */
export interface Trace {
  frames: Buffer[]
  bytes: Buffer
  sent: Sent[]
}

const CHANNELS = [0, 1, 65535]

const first: Encoded = {
  sent: {
    channel: 0,
    method: 'protocol-header',
    fields: { protocolId: 0, versionMajor: 0, versionMinor: 9, revision: 1 },
  },
  frames: [Buffer.from(framing.PROTOCOL_HEADER, 'latin1')],
}

const heartbeat: Encoded = {
  sent: { channel: 0, method: 'heartbeat', fields: {} },
  frames: [framing.HEARTBEAT_BUF],
}

/** Messages of some channels: in order within a channel, their frames in any order between channels. */
export const traces: fc.Arbitrary<Trace> = fc
  .record({
    channels: fc.tuple(...CHANNELS.map((channel) => fc.array(messages(channel), { maxLength: 4 }))),
    beats: fc.nat(2),
    turns: fc.array(fc.nat(CHANNELS.length), { maxLength: 60 }),
  })
  .map(({ channels, beats, turns }) => {
    const queues = [...channels, Array.from({ length: beats }, () => heartbeat)].map((all) =>
      all.flatMap(({ frames, sent }) =>
        frames.map((bytes, index) => ({ bytes, ends: index === frames.length - 1 ? [sent] : [] })),
      ),
    )
    const inTurn = turns.flatMap((turn) => queues[turn]?.shift() ?? [])
    const all = [...inTurn, ...queues.flat()]
    const frames = [...first.frames, ...all.map(({ bytes }) => bytes)]
    return {
      frames,
      bytes: Buffer.concat(frames),
      sent: [first.sent, ...all.flatMap(({ ends }) => ends)],
    }
  })

/** Lengths of chunks, short ones more often. */
export const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5000 })), {
  minLength: 1,
  maxLength: 20,
})

/** Bytes in chunks of these lengths, over and over again. */
export function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const length = lengths[n % lengths.length] as number
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

export interface Decoded {
  messages: AmqpMessage[]
  opaque: string[]
  decoder: AmqpDecoder
}

export function decode(
  chunks: readonly Buffer[],
  options: Pick<AmqpDecoderOptions, 'maxBodyBytes' | 'maxOpenBytes' | 'keeps'> = {},
): Decoded {
  const messages: AmqpMessage[] = []
  const opaque: string[] = []
  const decoder = new AmqpDecoder({
    ...options,
    onMessage: (message) => messages.push(message),
    onOpaque: (reason) => opaque.push(reason),
  })
  for (const chunk of chunks) decoder.push(chunk)
  return { messages, opaque, decoder }
}

/** A decoded message as its sender knows it. */
export function asSent({ channel, method, fields, content }: AmqpMessage): Sent {
  if (!content) return { channel, method, fields }
  return { channel, method, fields, properties: content.properties, body: content.body }
}
