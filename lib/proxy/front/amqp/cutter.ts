import type { Piece } from '../../../toxic/units.ts'
import type { Within } from '../dialect.ts'
import { Assembler } from '../../../wire/amqp/assembler.ts'
import { bodySizeOf, methodIdOf } from '../../../wire/amqp/decode.ts'
import { FrameReader, type Frame } from '../../../wire/amqp/frame.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import { CONSTANTS } from '../../../wire/amqp/methods.ts'
import { METHOD_BY_ID } from '../../../wire/amqp/specification.ts'

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
}

/** A content that is arriving. */
interface Content {
  /** Octets of its body; undefined until its header has come. */
  left: number | undefined
  /** It goes on as it comes, since it is too long, or had begun before. */
  flows: undefined | 'long' | 'begun'
}

const WHOLE = { protocol: undefined, inFrame: false, inMessage: false } as const

const NONE: readonly AmqpMessage[] = []

/** What is held back of a message that is not whole. */
interface Pieces {
  readonly pieces: { readonly chunk: Buffer; readonly start: number; end: number }[]
  size: number
  method: Frame
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
  readonly #held = new Map<number, Pieces>()
  #heldBytes = 0
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
    return this.#contents.size === 0 && this.#held.size === 0 && this.#reader.isBetweenFrames
  }

  push(bytes: Buffer): void {
    const before = this.#reader.held
    this.#received += bytes.length
    this.#reader.push(bytes)
    if (this.#cuts && this.opaque !== undefined) this.#abandon(before, bytes)
  }

  /** From here on messages are cut. @returns what of them has gone on before. */
  begin(): Within {
    this.#cuts = true
    this.#from = this.#received
    this.#assembler = this.#newAssembler()
    for (const content of this.#contents.values()) content.flows = 'begun'
    return { inFrame: !this.#reader.isBetweenFrames, channels: [...this.#contents.keys()] }
  }

  /** Messages are only followed. Nothing may be in hand. */
  rest(): void {
    this.#cuts = false
  }

  /** What is in hand of messages that are not whole; nothing is, afterwards. The lane must have ended. */
  take(): Buffer {
    return Buffer.concat([...this.#takeHeld(), this.#notGone(this.#reader.held)])
  }

  /** From here on it is not AMQP: what was not read goes on too. */
  #abandon(before: Buffer, bytes: Buffer): void {
    const unread = this.#received - this.#reader.offset
    const last = unread > bytes.length ? Buffer.concat([before, bytes]) : bytes
    const rest = this.#notGone(last.subarray(last.length - unread))
    this.#cuts = false
    this.#host.piece(Buffer.concat([...this.#takeHeld(), rest]), { ...WHOLE, channel: 0 })
  }

  #takeHeld(): Buffer[] {
    const held = [...this.#held.values()].flatMap(bytesOf)
    this.#held.clear()
    this.#heldBytes = 0
    return held
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
    const content = this.#contentOf(frame)
    if (!this.#cuts) return frame.type === FRAME_METHOD ? this.#host.passed(frame) : undefined
    const begunBefore = frame.offset < this.#from
    if (begunBefore && content) content.flows = 'begun'
    if (begunBefore || content?.flows === 'begun') return this.#flow(frame)
    const made = this.#assembled(frame)
    if (content?.flows) return this.#flow(frame)
    if (!content && made.length === 1 && !this.#held.has(frame.channel))
      return this.#give(frame.raw, frame, made)
    this.#keep(frame)
    if (made.length > 0) this.#whole(frame.channel, made)
    else if (this.#heldBytes > LARGEST_LANE || this.#sizeOf(frame.channel) > LARGEST_UNIT)
      this.#letFlow(frame, content)
  }

  #assembled(frame: Frame): readonly AmqpMessage[] {
    this.#assembler.frame(frame)
    if (this.#made.length === 0) return NONE
    const made = this.#made
    this.#made = []
    return made
  }

  #flow(frame: Frame): void {
    const bytes = frame.raw.subarray(Math.max(this.#from - frame.offset, 0))
    if (frame.type === FRAME_METHOD) this.#host.passed(frame)
    const { channel, ends } = frame
    this.#host.piece(bytes, { ...WHOLE, channel, inFrame: !ends, inMessage: this.#contents.has(channel) })
  }

  #keep(frame: Frame): void {
    const { channel, chunk, start, end } = frame
    const size = end - start
    const held = this.#held.get(channel)
    if (!held) this.#held.set(channel, { pieces: [{ chunk, start, end }], size, method: frame })
    else {
      const last = held.pieces.at(-1)
      if (last?.chunk === chunk && last.end === start) last.end = end
      else held.pieces.push({ chunk, start, end })
      held.size += size
    }
    this.#heldBytes += size
  }

  #sizeOf(channel: number): number {
    return this.#held.get(channel)?.size ?? 0
  }

  #take(channel: number): Pieces | undefined {
    const held = this.#held.get(channel)
    this.#held.delete(channel)
    this.#heldBytes -= held?.size ?? 0
    return held
  }

  #whole(channel: number, made: readonly AmqpMessage[]): void {
    const held = this.#take(channel)
    if (held) this.#give(joined(bytesOf(held)), held.method, made)
  }

  #give(bytes: Buffer, method: Frame, made: readonly AmqpMessage[]): void {
    const [message] = made
    if (made.length === 1 && message && message.method !== 'malformed')
      return this.#host.message(bytes, message)
    if (method.type === FRAME_METHOD) this.#host.passed(method)
    this.#host.piece(bytes, { ...WHOLE, channel: method.channel })
  }

  /** It is too long. */
  #letFlow({ channel, ends }: Frame, content: Content | undefined): void {
    if (content) content.flows = 'long'
    const held = this.#take(channel)
    if (!held) return
    this.#host.passed(held.method)
    this.#host.piece(joined(bytesOf(held)), { ...WHOLE, channel, inFrame: !ends, inMessage: true })
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
      const content: Content = { left: undefined, flows: undefined }
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

const bytesOf = ({ pieces }: Pieces): Buffer[] =>
  pieces.map(({ chunk, start, end }) => chunk.subarray(start, end))

/** Pieces that lie behind each other in memory are one without a copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces
  if (!first) return Buffer.alloc(0)
  if (pieces.length === 1) return first
  let end = first.byteOffset
  for (const piece of pieces) {
    if (piece.buffer !== first.buffer || piece.byteOffset !== end) return Buffer.concat(pieces)
    end += piece.length
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset)
}
