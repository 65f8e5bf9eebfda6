import type { Piece } from '../../../toxic/units.ts'
import type { Within } from '../dialect.ts'
import { Assembler } from '../../../wire/amqp/assembler.ts'
import { bodySizeOf, methodIdOf } from '../../../wire/amqp/decode.ts'
import { FrameReader, type Frame } from '../../../wire/amqp/frame.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import { CONSTANTS } from '../../../wire/amqp/methods.ts'
import { METHOD_BY_ID } from '../../../wire/amqp/specification.ts'
import { hasAny, type Interest } from './head.ts'
import { bodyOf, bytesOf, HeldFrames, isNext, type Run } from './held.ts'

const { FRAME_METHOD, FRAME_HEADER, FRAME_BODY } = CONSTANTS

/** Of a message that is larger nothing is held back, in bytes: it cannot be struck. */
const LARGEST_UNIT = 2 ** 20
/** Of all messages of a lane that are not whole no more is held back, in bytes. */
const LARGEST_LANE = 4 * 2 ** 20

export interface CutterHost {
  /** A frame of a method goes on as it is, alone or before its content. */
  passed(frame: Frame): void
  message(bytes: Buffer, message: AmqpMessage): void
  piece(bytes: Buffer, piece: Piece): void
  /** What is wanted of the message that begins with this method. One of which nothing is wanted goes on as pieces. */
  interest(method: Frame): Interest
  /** The message that begins with this method is too long to be struck: it goes on as it comes. */
  tooLong(method: Frame): void
}

/** A content that is arriving. */
interface Content {
  /** Octets of its body; undefined until its header has come. */
  left: number | undefined
  /** It goes on as it comes, since it is too long, or broken, or had begun before. */
  flows: boolean
}

const WHOLE = { protocol: undefined, inFrame: false, inMessage: false } as const

/** Of one channel, messages of which nobody wants anything. */
interface Unasked extends Run {
  readonly channel: number
  /** It ends where a message does. */
  isWhole: boolean
}

/** Cuts one lane into messages, or only follows where they begin. */
export class Cutter {
  readonly #host: CutterHost
  readonly #reader: FrameReader
  readonly #contents = new Map<number, Content>()
  #cuts = false
  /** What is before this offset of the lane has gone on. */
  #from = 0
  #received = 0
  #assembler: Assembler
  readonly #held = new HeldFrames()
  /** What goes on before anything else does, and when all that has come was looked at. */
  #unasked: Unasked | undefined
  #made: AmqpMessage[] = []

  constructor(host: CutterHost) {
    this.#host = host
    this.#assembler = this.#newAssembler()
    this.#reader = new FrameReader({ onFrame: (frame) => this.#frame(frame) })
  }

  get opaque(): string | undefined {
    return this.#reader.opaque
  }

  /** No message has begun that is not whole. */
  get isClear(): boolean {
    return this.#contents.size === 0 && this.#held.isEmpty && this.#reader.isBetweenFrames
  }

  push(bytes: Buffer): void {
    const before = this.#reader.held
    this.#received += bytes.length
    this.#reader.push(bytes)
    this.#giveUnasked()
    if (this.#cuts && this.opaque !== undefined) this.#abandon(before, bytes)
  }

  /** From here on messages are cut. @returns what of them has gone on before. */
  begin(): Within {
    this.#cuts = true
    this.#from = this.#received
    this.#assembler = this.#newAssembler()
    for (const content of this.#contents.values()) content.flows = true
    return { inFrame: !this.#reader.isBetweenFrames, channels: [...this.#contents.keys()] }
  }

  /** Messages are only followed. Nothing may be in hand. */
  rest(): void {
    this.#cuts = false
  }

  /** What is in hand of messages that are not whole; nothing is, afterwards. The lane must have ended. */
  take(): Buffer {
    return Buffer.concat([...this.#held.takeAll(), this.#notGone(this.#reader.held)])
  }

  /** From here on it is not AMQP: what was not read goes on too. */
  #abandon(before: Buffer, bytes: Buffer): void {
    const unread = this.#received - this.#reader.offset
    const last = unread > bytes.length ? Buffer.concat([before, bytes]) : bytes
    const rest = this.#notGone(last.subarray(last.length - unread))
    this.#cuts = false
    this.#host.piece(Buffer.concat([...this.#held.takeAll(), rest]), { ...WHOLE, channel: 0 })
  }

  /** Of the lane's last bytes, those that had not gone on before messages were cut. */
  #notGone(last: Buffer): Buffer {
    return last.subarray(Math.max(this.#from - (this.#received - last.length), 0))
  }

  #newAssembler(): Assembler {
    return new Assembler({
      onMessage: (message) => this.#made.push(message),
      onHopeless: (reason) => this.#reader.giveUp(reason),
      maxBodyBytes: LARGEST_UNIT,
      maxOpenBytes: 4 * LARGEST_LANE,
      keeps: () => true,
    })
  }

  #frame(frame: Frame): void {
    const { type, channel } = frame
    const isBroken = type === FRAME_METHOD && this.#contents.has(channel)
    const content = this.#contentOf(frame)
    if (!this.#cuts) return type === FRAME_METHOD ? this.#host.passed(frame) : undefined
    // No broker takes what comes where another message's content was due.
    if (isBroken) this.#goOn(channel, { ...WHOLE, channel })
    const flows = isBroken || frame.offset < this.#from
    if (content && flows) content.flows = true
    if (flows || content?.flows) return this.#flow(frame)
    if (!content) return this.#alone(frame)
    const { size } = this.#held.keep(frame)
    if (!this.#contents.has(channel)) this.#whole(channel)
    else if (this.#held.size > LARGEST_LANE || size > LARGEST_UNIT || isEarly(frame, content))
      this.#letFlow(frame, content)
  }

  /** One that has no content. */
  #alone(frame: Frame): void {
    const { type } = frame
    if (type === FRAME_HEADER || type === FRAME_BODY) return this.#flow(frame)
    // There is no body that could have what is asked for.
    if (type === FRAME_METHOD && this.#host.interest(frame) !== 'message') this.#unaskedFor(frame, [frame])
    else this.#give(frame.raw, frame, [frame])
  }

  #flow(frame: Frame): void {
    const bytes = frame.raw.subarray(Math.max(this.#from - frame.offset, 0))
    if (frame.type === FRAME_METHOD) this.#passed(frame)
    const { channel, ends } = frame
    this.#piece(bytes, { ...WHOLE, channel, inFrame: !ends, inMessage: this.#contents.has(channel) })
  }

  #whole(channel: number): void {
    const held = this.#held.take(channel)
    if (!held) return
    const { method, frames } = held
    const interest = this.#host.interest(method)
    if (interest === 'message' || (interest && hasAny(bodyOf(held), interest)))
      this.#give(bytesOf(held), method, frames)
    else this.#unaskedFor(method, frames)
  }

  #give(bytes: Buffer, method: Frame, frames: readonly Frame[]): void {
    const made = this.#assembled(frames)
    const [message] = made
    if (made.length === 1 && message && message.method !== 'malformed') {
      this.#giveUnasked()
      return this.#host.message(bytes, message)
    }
    if (method.type === FRAME_METHOD) this.#passed(method)
    this.#piece(bytes, { ...WHOLE, channel: method.channel })
  }

  #assembled(frames: readonly Frame[]): readonly AmqpMessage[] {
    for (const frame of frames) this.#assembler.frame(frame)
    const made = this.#made
    this.#made = []
    // What is broken may have left something open.
    if (made.length !== 1) this.#assembler = this.#newAssembler()
    return made
  }

  /** A whole message that nobody is shown. */
  #unaskedFor(method: Frame, frames: readonly Frame[]): void {
    const { channel } = method
    this.#host.passed(method)
    for (const frame of frames) {
      const isWhole = frame === frames.at(-1)
      const last = this.#unasked
      if (last?.channel === channel && isNext(last, frame)) {
        last.end = frame.end
        last.isWhole = isWhole
      } else {
        this.#giveUnasked()
        const { chunk, start, end } = frame
        this.#unasked = { channel, chunk, start, end, isWhole }
      }
    }
  }

  #giveUnasked(): void {
    const unasked = this.#unasked
    if (!unasked) return
    this.#unasked = undefined
    const { channel, chunk, start, end, isWhole } = unasked
    this.#host.piece(chunk.subarray(start, end), {
      ...WHOLE,
      channel,
      inFrame: !isWhole,
      inMessage: !isWhole,
    })
  }

  #passed(method: Frame): void {
    this.#giveUnasked()
    this.#host.passed(method)
  }

  #piece(bytes: Buffer, piece: Piece): void {
    this.#giveUnasked()
    this.#host.piece(bytes, piece)
  }

  /** It is too long, or broken. */
  #letFlow({ channel, ends }: Frame, content: Content): void {
    content.flows = true
    const method = this.#held.methodOf(channel)
    if (method && content.left !== undefined) this.#host.tooLong(method)
    this.#goOn(channel, { ...WHOLE, channel, inFrame: !ends, inMessage: true })
  }

  /** What is held back of a channel goes on as a piece. */
  #goOn(channel: number, piece: Piece): void {
    const held = this.#held.take(channel)
    if (!held) return
    this.#passed(held.method)
    this.#piece(bytesOf(held), piece)
  }

  /** The content that a frame belongs to, until it is whole. */
  #contentOf(frame: Frame): Content | undefined {
    const { type, channel } = frame
    if (type === FRAME_METHOD) {
      const id = methodIdOf(frame)
      const hasContent = id !== undefined && METHOD_BY_ID.get(id)?.hasContent === true
      if (!hasContent) {
        this.#contents.delete(channel)
        return undefined
      }
      const content: Content = { left: undefined, flows: false }
      this.#contents.set(channel, content)
      return content
    }
    const content = this.#contents.get(channel)
    if (!content) return undefined
    if (type === FRAME_HEADER) content.left = bodySizeOf(frame) ?? 0
    else if (type === FRAME_BODY && content.left !== undefined)
      content.left -= frame.payloadEnd - frame.payloadStart
    if (content.left !== undefined && content.left <= 0 && frame.ends) this.#contents.delete(channel)
    return content
  }
}

/** A body before its header. */
const isEarly = ({ type }: Frame, { left }: Content): boolean => type === FRAME_BODY && left === undefined
