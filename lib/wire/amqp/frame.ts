import { CONSTANTS } from './methods.ts'

/*
  0      1         3             7                  size+7 size+8
  +------+---------+-------------+ +--------------+ +-----------+
  | type | channel | size        | | payload      | | frame-end |
  +------+---------+-------------+ +--------------+ +-----------+
   octet   short     long           size octets      octet, 0xCE

  A lane may begin with a protocol header (a client's lane always does):

  0        4             5       6       7          8
  +--------+-------------+-------+-------+----------+
  | "AMQP" | protocol id | major | minor | revision |
  +--------+-------------+-------+-------+----------+
*/
const CHANNEL_AT = 1
const SIZE_AT = 3
const PAYLOAD_AT = 7
const FRAME_END_BYTES = 1
/** What a frame has besides its payload, in bytes. */
export const FRAME_OVERHEAD = PAYLOAD_AT + FRAME_END_BYTES
const PROTOCOL_NAME = 'AMQP'
const PROTOCOL_HEADER_BYTES = 8

const { FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT, FRAME_END } = CONSTANTS

const NOTHING = Buffer.alloc(0)

/** The type that a protocol header has here: its first octet, where a frame has its type. */
export const PROTOCOL_HEADER = PROTOCOL_NAME.charCodeAt(0)

/**
 * The largest payload of a frame that is not a body frame, in bytes, and so the most that a reader holds.
 * RabbitMQ's limit is its `frame_max`, 128 KiB unless somebody raises it.
 */
export const MAX_HELD_PAYLOAD = 2 ** 20

/**
 * A frame, or a piece of a body frame: one that arrives in several chunks is passed on as it comes and never
 * collected. The raw bytes of all of them, one after the other, are the bytes of the lane.
 */
export class Frame {
  /** FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT or PROTOCOL_HEADER. */
  readonly type: number
  readonly channel: number
  /** Of the payload of the whole frame, in bytes. */
  readonly size: number
  /** Where in its lane the first of its raw bytes is. */
  readonly offset: number
  /** It has the first octet of its frame: always true but for pieces. */
  readonly begins: boolean
  /** It has the last octet of its frame: always true but for pieces. */
  readonly ends: boolean
  /** The chunk with its raw bytes from `start` to `end`; it never changes, and it is never to be changed. */
  readonly chunk: Buffer
  readonly start: number
  readonly end: number

  constructor(from: Omit<Frame, 'payload' | 'payloadStart' | 'payloadEnd' | 'raw'>) {
    this.type = from.type
    this.channel = from.channel
    this.size = from.size
    this.offset = from.offset
    this.begins = from.begins
    this.ends = from.ends
    this.chunk = from.chunk
    this.start = from.start
    this.end = from.end
  }

  get payloadStart(): number {
    if (this.type === PROTOCOL_HEADER) return this.start + PROTOCOL_NAME.length
    return this.begins ? this.start + PAYLOAD_AT : this.start
  }

  get payloadEnd(): number {
    return this.ends && this.type !== PROTOCOL_HEADER ? this.end - FRAME_END_BYTES : this.end
  }

  /** A view: whoever keeps it keeps the whole chunk in memory, or copies it. */
  get payload(): Buffer {
    return this.chunk.subarray(this.payloadStart, this.payloadEnd)
  }

  /** A view, as `payload`. */
  get raw(): Buffer {
    return this.chunk.subarray(this.start, this.end)
  }
}

export interface FrameReaderOptions {
  onFrame: (frame: Frame) => void
  /** Called once: from here on the lane's bytes are not understood. */
  onOpaque?: (reason: string) => void
}

/** Cuts one lane's bytes into frames, however they arrive. */
export class FrameReader {
  readonly #options: FrameReaderOptions
  #opaque: string | undefined
  /** Bytes of the lane before what is being read. */
  #offset = 0
  /** Of the frame that is being read. */
  #type = 0
  #channel = 0
  #size = 0
  /** The octets of the body frame that is being read that have not arrived. */
  #bodyLeft = 0
  /** The beginning of a frame, to be filled until it is of use. */
  #held: Buffer | undefined
  #heldBytes = 0

  constructor(options: FrameReaderOptions) {
    this.#options = options
  }

  /** Why the lane is not understood, if it is not. */
  get opaque(): string | undefined {
    return this.#opaque
  }

  /** The lane's next bytes. Frames are views of them; the reader keeps none. */
  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && this.#opaque === undefined) {
      if (this.#bodyLeft > 0) at = this.#piece(bytes, at, at)
      else if (this.#held) at = this.#fill(this.#held, bytes, at)
      else at = this.#next(bytes, at)
    }
  }

  /** No frame has begun that has not ended. */
  get isBetweenFrames(): boolean {
    return this.#held === undefined && this.#bodyLeft === 0
  }

  /** The beginning of a frame that is not whole, but for what of a body frame has been passed on. */
  get held(): Buffer {
    return this.#held?.subarray(0, this.#heldBytes) ?? NOTHING
  }

  /** Bytes of the lane that have been passed on. */
  get offset(): number {
    return this.#offset
  }

  /** Gives the lane up: nothing is read any more. */
  giveUp(reason: string): void {
    if (this.#opaque !== undefined) return
    this.#opaque = reason
    this.#held = undefined
    this.#options.onOpaque?.(reason)
  }

  /** At the first octet of a frame; returns where to go on. */
  #next(bytes: Buffer, at: number): number {
    if (bytes.length - at < PAYLOAD_AT) return this.#hold(bytes, at, PAYLOAD_AT)
    const length = this.#begin(bytes, at)
    if (this.#opaque !== undefined) return at
    if (this.#type === FRAME_BODY) return this.#piece(bytes, at, at + PAYLOAD_AT)
    if (bytes.length - at < length) return this.#hold(bytes, at, length)
    this.#emit(bytes, at, at + length)
    return at + length
  }

  /** Reads what is before the payload, and returns the length of the whole frame. */
  #begin(bytes: Buffer, at: number): number {
    this.#type = bytes[at] as number
    if (this.#type === PROTOCOL_HEADER && this.#offset === 0) {
      this.#channel = 0
      this.#size = PROTOCOL_HEADER_BYTES - PROTOCOL_NAME.length
      const name = bytes.toString('latin1', at, at + PROTOCOL_NAME.length)
      if (name !== PROTOCOL_NAME) this.giveUp('its first bytes are not AMQP')
      return PROTOCOL_HEADER_BYTES
    }
    this.#channel = bytes.readUInt16BE(at + CHANNEL_AT)
    this.#size = bytes.readUInt32BE(at + SIZE_AT)
    const wrong = this.#wrong()
    if (wrong !== undefined) this.giveUp(wrong)
    if (this.#type === FRAME_BODY) this.#bodyLeft = this.#size + FRAME_END_BYTES
    return this.#size + FRAME_OVERHEAD
  }

  #wrong(): string | undefined {
    const type = this.#type
    if (this.#offset === 0 && type !== FRAME_METHOD) return 'its first bytes are not AMQP'
    if (type === FRAME_BODY) return undefined
    if (type !== FRAME_METHOD && type !== FRAME_HEADER && type !== FRAME_HEARTBEAT)
      return `a frame of the unknown type ${type} at byte ${this.#offset}`
    if (this.#size > MAX_HELD_PAYLOAD)
      return `a frame of type ${type} with ${this.#size} bytes at byte ${this.#offset}`
    return undefined
  }

  /** Keeps the beginning of a frame of which `wanted` bytes are needed. */
  #hold(bytes: Buffer, at: number, wanted: number): number {
    this.#held = Buffer.allocUnsafe(wanted)
    this.#heldBytes = bytes.copy(this.#held, 0, at)
    return bytes.length
  }

  #fill(held: Buffer, bytes: Buffer, at: number): number {
    const copied = bytes.copy(held, this.#heldBytes, at)
    this.#heldBytes += copied
    if (this.#heldBytes < held.length) return at + copied
    this.#held = undefined
    // More than the beginning was wanted: the frame is whole.
    if (held.length > PAYLOAD_AT) this.#emit(held, 0, held.length)
    else this.#begun(held)
    return at + copied
  }

  /** The beginning of a frame has been put together from several chunks. */
  #begun(held: Buffer): void {
    const length = this.#begin(held, 0)
    if (this.#opaque !== undefined) return
    if (this.#type === FRAME_BODY) this.#piece(held, 0, PAYLOAD_AT)
    else this.#hold(held, 0, length)
  }

  /** What there is of a body frame, from `start` on; its payload goes on at `at`. */
  #piece(chunk: Buffer, start: number, at: number): number {
    const end = Math.min(chunk.length, at + this.#bodyLeft)
    this.#bodyLeft -= end - at
    this.#emit(chunk, start, end, at > start, this.#bodyLeft === 0)
    return end
  }

  #emit(chunk: Buffer, start: number, end: number, begins = true, ends = true): void {
    const offset = this.#offset
    const isFrame = this.#type !== PROTOCOL_HEADER
    if (ends && isFrame && chunk[end - FRAME_END_BYTES] !== FRAME_END)
      return this.giveUp(`no frame end at byte ${offset + end - start - FRAME_END_BYTES}`)
    this.#offset += end - start
    const { onFrame } = this.#options
    onFrame(
      new Frame({
        type: this.#type,
        channel: this.#channel,
        size: this.#size,
        offset,
        begins,
        ends,
        chunk,
        start,
        end,
      }),
    )
  }
}
