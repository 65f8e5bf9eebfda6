import { definitions, framing } from './amqplib.helper.ts'
import { BASIC_CLASS_ID, METHOD_BY_NAME, type Properties } from './specification.ts'
import { decode, type Decoded } from './trace.helper.ts'

/** Single frames, by amqplib's hand. */
export const HEADER = Buffer.from(framing.PROTOCOL_HEADER, 'latin1')

export const PUBLISHING = { ticket: 0, exchange: 'e', routingKey: 'k', mandatory: false, immediate: false }

export function method(channel: number, name: string, fields: object): Buffer {
  return definitions.encodeMethod(METHOD_BY_NAME.get(name)?.id ?? 0, channel, fields)
}

export const publish = (channel: number): Buffer => method(channel, 'basic.publish', PUBLISHING)

export const ack = (channel: number): Buffer =>
  method(channel, 'basic.ack', { deliveryTag: 7, multiple: true })

export const header = (channel: number, size: number, properties: Properties = {}): Buffer =>
  definitions.encodeProperties(BASIC_CLASS_ID, channel, size, properties)

export const body = (channel: number, payload: string | Buffer): Buffer =>
  framing.makeBodyFrame(channel, Buffer.from(payload))

/** A frame of any type with any payload. */
export function frame(type: number, channel: number, payload: Buffer): Buffer {
  const bytes = framing.makeBodyFrame(channel, payload)
  bytes[0] = type
  return bytes
}

/** Copies of frames, one after the other, in memory that is shared with nothing. */
export function joined(...frames: readonly Buffer[]): Buffer {
  const bytes = Buffer.alloc(frames.reduce((sum, { length }) => sum + length, 0))
  Buffer.concat(frames).copy(bytes)
  return bytes
}

/** Decodes frames behind a protocol header, whose message is left out. */
export function decodeFrames(frames: readonly Buffer[], options: Parameters<typeof decode>[1] = {}): Decoded {
  const { messages, ...decoded } = decode([joined(HEADER, ...frames)], options)
  return { messages: messages.slice(1), ...decoded }
}
