import { Malformed } from './body.ts'

/*
  A message:                              A start-up packet, which has no type:
  0      1              5       1+length  0              4             length
  +------+--------------+ +-------------+ +--------------+ +----------------+
  | type | length       | | body        | | length       | | body           |
  +------+--------------+ +-------------+ +--------------+ +----------------+
   Byte1  Int32, itself                    Int32, itself
          included                         included
  The answer to an SSLRequest or GSSENCRequest is a single byte.
*/
const TYPE_BYTES = 1
const LENGTH_BYTES = 4
export const HEAD_BYTES = TYPE_BYTES + LENGTH_BYTES
export const STARTUP_HEAD_BYTES = LENGTH_BYTES
/** The server's own limit, MAX_STARTUP_PACKET_LENGTH. A packet has at least a length and a code. */
const MAX_STARTUP_BYTES = 10_000
const MIN_STARTUP_BYTES = 8
/** The first byte of a TLS record that holds a handshake; no start-up packet is long enough to begin with it. */
const TLS_HANDSHAKE = 0x16
const ERROR_RESPONSE = 0x45

/** What a lane carries next: start-up packets, the answer to a request for encryption, or messages with a type. */
export type Phase = 'startup' | 'answer' | 'typed'

/** Gets all bytes of a message, or its head and the first `maxBodyBytes` of its body. */
type OnFrame = (bytes: Buffer, size: number, offset: number) => void

/** Room for a message that arrives in pieces, at first; it then grows as its bytes arrive. */
const FIRST_ROOM_BYTES = 4096

/**
 * Cuts the bytes of one lane into messages, whatever the pieces in which they arrive. A message that lies in one piece
 * is a view of it; one that does not is put together in a buffer of its own, of which nobody else will see a part.
 */
export class Framer {
  /** Of the next message to begin; one that is under way stays what it was. */
  phase: Phase
  readonly #maxBodyBytes: number
  readonly #onFrame: OnFrame
  #stopped = false
  /** The lane's offset of the first byte of the message that is next or under way. */
  #offset = 0
  /** Of the message under way: its phase, how many bytes were seen, its size once its head is whole, what is kept. */
  #current: Phase
  #seen = 0
  #size: number | undefined
  #kept: Buffer = Buffer.alloc(0)

  constructor(phase: Phase, maxBodyBytes: number, onFrame: OnFrame) {
    this.phase = phase
    this.#current = phase
    this.#maxBodyBytes = maxBodyBytes
    this.#onFrame = onFrame
  }

  /** @throws {Malformed} when this is not the beginning of a message. */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      at += this.#seen === 0 ? this.#begin(chunk, at) : this.#goOn(chunk, at)
    }
  }

  /** Ignores whatever comes, also the rest of a chunk that is being read. */
  stop(): void {
    this.#stopped = true
    this.#kept = Buffer.alloc(0)
  }

  /** At a message's first byte. Returns how many bytes it took. */
  #begin(chunk: Buffer, at: number): number {
    this.#current = this.phase
    const there = chunk.length - at
    if (there >= headBytes(this.#current, chunk[at]!)) {
      const size = sizeOf(this.#current, chunk, at)
      if (there >= size) {
        this.#emit(chunk.subarray(at, at + this.#keptOf(size)), size)
        return size
      }
    }
    this.#kept = Buffer.allocUnsafe(HEAD_BYTES)
    return this.#goOn(chunk, at)
  }

  /** Inside a message: first to the end of its head, then to its own. */
  #goOn(chunk: Buffer, at: number): number {
    if (this.#size === undefined) {
      const head = headBytes(this.#current, this.#seen === 0 ? chunk[at]! : this.#kept[0]!)
      const taken = this.#take(chunk, at, head, head)
      if (this.#seen === head) this.#size = sizeOf(this.#current, this.#kept, 0)
      if (this.#seen === this.#size) this.#finish(this.#size)
      return taken
    }
    const taken = this.#take(chunk, at, this.#size, this.#keptOf(this.#size))
    if (this.#seen === this.#size) this.#finish(this.#size)
    return taken
  }

  /** Takes what there is of the message's bytes up to `until`, and keeps those up to `keep`. */
  #take(chunk: Buffer, at: number, until: number, keep: number): number {
    const taken = Math.min(until - this.#seen, chunk.length - at)
    const toKeep = Math.min(keep - this.#seen, taken)
    if (toKeep > 0) {
      this.#makeRoom(this.#seen + toKeep, keep)
      chunk.copy(this.#kept, this.#seen, at, at + toKeep)
    }
    this.#seen += taken
    return taken
  }

  /** Room grows with the bytes that have come, never to a size that was only announced. */
  #makeRoom(needed: number, limit: number): void {
    if (needed <= this.#kept.length) return
    const room = Buffer.allocUnsafe(Math.min(limit, Math.max(FIRST_ROOM_BYTES, needed, 2 * this.#seen)))
    this.#kept.copy(room, 0, 0, this.#seen)
    this.#kept = room
  }

  #finish(size: number): void {
    const bytes = this.#kept.subarray(0, this.#keptOf(size))
    this.#seen = 0
    this.#size = undefined
    this.#emit(bytes, size)
  }

  #emit(bytes: Buffer, size: number): void {
    const offset = this.#offset
    this.#offset += size
    this.#onFrame(bytes, size, offset)
  }

  /** A start-up packet is always kept whole. */
  #keptOf(size: number): number {
    return this.#current === 'startup' ? size : Math.min(size, HEAD_BYTES + this.#maxBodyBytes)
  }
}

/** How many bytes, from its first one on, tell a message's size. */
export function headBytes(phase: Phase, first: number): number {
  if (phase === 'typed') return HEAD_BYTES
  if (phase === 'startup') return STARTUP_HEAD_BYTES
  return first === ERROR_RESPONSE ? HEAD_BYTES : 1
}

/**
 * The size on the wire of the message whose head is there.
 * @throws {Malformed} when no message can begin so.
 */
export function sizeOf(phase: Phase, bytes: Buffer, at: number): number {
  if (phase === 'startup') return startupSize(bytes, at)
  if (phase === 'answer' && bytes[at] !== ERROR_RESPONSE) return 1
  const length = bytes.readInt32BE(at + TYPE_BYTES)
  if (length >= LENGTH_BYTES && isTypeCharacter(bytes[at]!)) return TYPE_BYTES + length
  const head = bytes.toString('hex', at, at + HEAD_BYTES)
  throw new Malformed(`no message of PostgreSQL begins with ${head}`)
}

function startupSize(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at)
  if (length >= MIN_STARTUP_BYTES && length <= MAX_STARTUP_BYTES) return length
  if (bytes[at] === TLS_HANDSHAKE) throw new Malformed('encrypted with TLS from its first byte')
  throw new Malformed(
    `no connection to PostgreSQL begins with ${bytes.toString('hex', at, at + LENGTH_BYTES)}`,
  )
}

/** All types are letters or digits; another byte is a stream that was lost or is foreign. */
const isTypeCharacter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39)
