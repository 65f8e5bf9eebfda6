import { Body, type Allowance } from './body.ts'
import { bodySizeOf, decodeArguments, LastProperties, methodIdOf } from './decode.ts'
import { reasonOf } from './field-reader.ts'
import { PROTOCOL_HEADER, type Frame } from './frame.ts'
import type { AmqpMessage, Content, Place, ProtocolHeader, UnfinishedMessage } from './message.ts'
import { CONSTANTS } from './methods.ts'
import { OpenMessage, type ArgumentValues } from './open-message.ts'
import { METHOD_BY_ID, type Method, type Properties } from './specification.ts'

const { FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT } = CONSTANTS

const PROTOCOL_ID = 0
const VERSION = '0-9-1'

/**
 * Bytes of methods and content headers whose bodies are not whole, all channels together. A sane peer has a few such
 * messages; RabbitMQ allows 2047 channels, unless somebody raises its `channel_max`.
 */
const MAX_ENVELOPE_BYTES = 4 * 2 ** 20

export interface AssemblerOptions {
  onMessage: (message: AmqpMessage) => void
  /** The lane cannot be followed any further. */
  onHopeless: (reason: string) => void
  /** Of one body, at most. */
  maxBodyBytes: number
  /** Of all bodies of the lane that are not whole, at most. */
  maxOpenBytes: number
  /** Whether anything of a body is kept. */
  keeps: (properties: Properties, first: Buffer) => boolean
}

/** Puts the frames of one lane together to messages, channel by channel. */
export class Assembler {
  readonly #options: AssemblerOptions
  readonly #open = new Map<number, OpenMessage>()
  readonly #allowance: Allowance
  readonly #properties = new LastProperties()
  #envelopes = 0

  constructor(options: AssemblerOptions) {
    this.#options = options
    this.#allowance = { left: options.maxOpenBytes }
  }

  /** The lane's next frame, or piece of one. */
  frame(frame: Frame): void {
    switch (frame.type) {
      case FRAME_METHOD:
        return this.#method(frame)
      case FRAME_HEADER:
        return this.#header(frame)
      case FRAME_BODY:
        return this.#body(frame)
      case FRAME_HEARTBEAT:
        return frame.size === 0
          ? this.#emit(placeOf(frame), 'heartbeat', {})
          : this.#malformed(placeOf(frame), 'a heartbeat with a payload')
      case PROTOCOL_HEADER:
        return this.#protocolHeader(frame)
    }
  }

  /** The messages whose content has begun to arrive, as far as it has. */
  unfinished(): UnfinishedMessage[] {
    return [...this.#open.values()]
      .filter(({ method, malformed }) => method && malformed === undefined)
      .map(({ unfinished }) => unfinished)
  }

  /** Forgets what is unfinished. */
  clear(): void {
    this.#open.clear()
  }

  #protocolHeader(frame: Frame): void {
    const [protocolId = 0, versionMajor = 0, versionMinor = 0, revision = 0] = frame.payload
    const fields: ProtocolHeader = { protocolId, versionMajor, versionMinor, revision }
    this.#emit(placeOf(frame), 'protocol-header', fields)
    const version = [versionMajor, versionMinor, revision].join('-')
    if (protocolId !== PROTOCOL_ID || version !== VERSION)
      this.#options.onHopeless(`its protocol is AMQP ${version} with the id ${protocolId}`)
  }

  #method(frame: Frame): void {
    this.#interrupt(frame.channel)
    const id = methodIdOf(frame)
    if (id === undefined) return this.#malformed(placeOf(frame), 'a method frame without a method')
    const method = METHOD_BY_ID.get(id)
    if (!method) return this.#emit(placeOf(frame), `unknown.${id >>> 16}.${id & 0xffff}`, {})
    let fields: ArgumentValues = {}
    let malformed: string | undefined
    try {
      fields = decodeArguments(method, frame)
    } catch (error) {
      malformed = `${method.name}: ${reasonOf(error)}`
    }
    if (method.hasContent) {
      const open = this.#begin(frame, method, fields)
      open.extend(frame)
      open.malformed = malformed
    } else if (malformed === undefined) this.#emit(placeOf(frame), method.name, fields)
    else this.#malformed(placeOf(frame), malformed)
  }

  #header(frame: Frame): void {
    const open = this.#open.get(frame.channel)
    if (!open || open.body) {
      this.#interrupt(frame.channel)
      return this.#malformed(placeOf(frame), 'a content header without a method')
    }
    open.extend(frame)
    this.#charge(open, frame.size)
    open.body = this.#newBody(bodySizeOf(frame) ?? 0)
    try {
      open.properties = this.#properties.of(frame)
    } catch (error) {
      open.malformed ??= `the content header of ${open.method?.name}: ${reasonOf(error)}`
    }
    if (open.body.left <= 0) this.#finish(open)
  }

  #body(frame: Frame): void {
    const open = this.#open.get(frame.channel) ?? this.#begin(frame, undefined, {})
    open.extend(frame)
    const { body, method } = open
    if (method && !body) open.malformed ??= `${method.name} with a body before its content header`
    if (body && frame.begins && frame.size > body.left)
      open.malformed ??= `${method?.name} with more body than its content header says`
    open.body ??= this.#newBody(frame.size)
    const piece = frame.payload
    if (open.body.isNew && piece.length > 0 && !this.#options.keeps(open.properties, piece))
      open.body.renounce()
    open.body.add(piece, frame.ends)
    // Not earlier, since a frame without its end makes no message.
    if (frame.ends && open.body.left <= 0) this.#finish(open)
  }

  #newBody(size: number): Body {
    return new Body(size, this.#options.maxBodyBytes, this.#allowance)
  }

  #begin(frame: Frame, method: Method | undefined, fields: ArgumentValues): OpenMessage {
    const open = new OpenMessage(frame, method, fields)
    this.#open.set(frame.channel, open)
    this.#envelopes += open.envelope
    this.#charge(open, method ? frame.size : 0)
    return open
  }

  #charge(open: OpenMessage, bytes: number): void {
    open.envelope += bytes
    this.#envelopes += bytes
    if (this.#envelopes > MAX_ENVELOPE_BYTES)
      this.#options.onHopeless(
        `${this.#open.size} messages have begun and are not whole: more than can be held`,
      )
  }

  /** A frame comes where the content of another message was due. */
  #interrupt(channel: number): void {
    const open = this.#open.get(channel)
    if (!open) return
    open.malformed ??= `${open.method?.name} without all of its content`
    this.#finish(open)
  }

  #finish(open: OpenMessage): void {
    this.#open.delete(open.channel)
    this.#envelopes -= open.envelope
    open.body?.release()
    const { method, malformed } = open
    if (malformed !== undefined) this.#malformed(open, malformed)
    else if (!method) this.#malformed(open, 'a body frame without a method')
    else this.#emit(open, method.name, open.fields, open.content)
  }

  #malformed(place: Place, reason: string): void {
    this.#emit(place, 'malformed', { reason })
  }

  #emit({ channel, offset, end, size }: Place, method: string, fields: object, content?: Content): void {
    this.#options.onMessage({ channel, method, fields, content, offset, end, size } as AmqpMessage)
  }
}

function placeOf({ channel, offset, start, end }: Frame): Place {
  const size = end - start
  return { channel, offset, end: offset + size, size }
}
