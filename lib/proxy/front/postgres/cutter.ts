import type { Piece } from '../../../toxic/units.ts'
import { Malformed } from '../../../wire/postgres/body.ts'
import { HEAD_BYTES, headBytes, sizeOf, type Phase } from '../../../wire/postgres/framer.ts'

/** A message that is larger goes on as it comes, in bytes: it cannot be struck. */
const LARGEST_UNIT = 2 ** 20

export interface CutterHost {
  /** So much of a message's body tells what it does, in bytes; undefined: it does nothing that has to be known. */
  keeps(type: number): number | undefined
  /** A message goes on as it is, or has begun to: what was kept of it. */
  passed(bytes: Buffer, phase: Phase): void
  message(bytes: Buffer, phase: Phase): void
  piece(bytes: Buffer, piece: Piece): void
}

/** A message that has begun and is not whole. */
interface Begun {
  readonly phase: Phase
  /** It goes on as it comes: it is too long, or had begun before messages were cut. */
  flows: boolean
  /** The bytes that tell its size, as far as they have come, and that size. */
  head: Buffer
  size: number | undefined
  seen: number
  /** All that there is of it; of one that flows, what has to be kept. */
  bytes: Buffer[]
  kept: number
  /** Of one that flows: bytes to be kept before it is told; 0: it has been told. */
  tells: number
}

const AS_IT_IS: Piece = { protocol: undefined, channel: 0, inFrame: false, inMessage: false }
const GOES_ON: Piece = { protocol: undefined, channel: 0, inFrame: true, inMessage: true }

/** Cuts one lane into messages, or only follows where they begin. */
export class Cutter {
  /** Of the next message to begin. */
  phase: Phase
  readonly #host: CutterHost
  #cuts = false
  #opaque: string | undefined
  #begun: Begun | undefined

  constructor(phase: Phase, host: CutterHost) {
    this.phase = phase
    this.#host = host
  }

  get opaque(): string | undefined {
    return this.#opaque
  }

  /** Nothing is in hand. */
  get isClear(): boolean {
    return this.#begun?.flows ?? true
  }

  /** From here on messages are cut. */
  begin(): void {
    this.#cuts = true
  }

  /** Messages are only followed. Nothing may be in hand. */
  rest(): void {
    this.#cuts = false
  }

  /** No more messages can be told: all that follows goes on as it comes. */
  giveUp(reason: string): void {
    this.#opaque ??= reason
  }

  /** What is in hand of a message that is not whole; nothing is, afterwards. */
  take(): Buffer {
    const begun = this.#begun
    this.#begun = undefined
    return Buffer.concat(begun && !begun.flows ? begun.bytes : [])
  }

  push(chunk: Buffer): void {
    let at = 0
    try {
      while (at < chunk.length && this.#opaque === undefined)
        at += this.#begun ? this.#goOn(this.#begun, chunk, at) : this.#begin(chunk, at)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.giveUp(error.message)
    }
    if (this.#opaque === undefined || !this.#cuts) return
    const rest = Buffer.concat([this.take(), chunk.subarray(at)])
    if (rest.length > 0) this.#host.piece(rest, AS_IT_IS)
  }

  /** At a message's first byte. @returns how many bytes it took. */
  #begin(chunk: Buffer, at: number): number {
    const { phase } = this
    const there = chunk.length - at
    if (there >= headBytes(phase, chunk[at]!)) {
      const size = sizeOf(phase, chunk, at)
      if (there >= size && !(this.#cuts && size > LARGEST_UNIT)) {
        this.#whole(phase, chunk, at, size)
        return size
      }
    }
    const flows = !this.#cuts
    this.#begun = {
      phase,
      flows,
      head: NOTHING,
      size: undefined,
      seen: 0,
      bytes: [],
      kept: 0,
      tells: Infinity,
    }
    return this.#goOn(this.#begun, chunk, at)
  }

  #whole(phase: Phase, chunk: Buffer, at: number, size: number): void {
    if (this.#cuts) return this.#host.message(chunk.subarray(at, at + size), phase)
    const tells = this.#tells(phase, chunk[at]!, size)
    if (tells > 0) this.#host.passed(chunk.subarray(at, at + tells), phase)
  }

  /** Inside of a message: first to the end of its head, then to its own. */
  #goOn(begun: Begun, chunk: Buffer, at: number): number {
    const size = begun.size ?? headBytes(begun.phase, begun.head[0] ?? chunk[at]!)
    const part = chunk.subarray(at, at + size - begun.seen)
    if (begun.size === undefined) this.#readHead(begun, part, size)
    begun.seen += part.length
    const ends = begun.seen === begun.size
    if (ends) this.#begun = undefined
    if (begun.flows) this.#flow(begun, part, ends)
    else begun.bytes.push(part)
    if (ends && !begun.flows) this.#host.message(joined(begun.bytes), begun.phase)
    return part.length
  }

  #readHead(begun: Begun, part: Buffer, size: number): void {
    const head = Buffer.concat([begun.head, part])
    if (head.length === size) {
      begun.size = sizeOf(begun.phase, head, 0)
      begun.tells = this.#tells(begun.phase, head[0]!, begun.size)
    }
    begun.head = head
    if (!this.#cuts || begun.flows || (begun.size ?? 0) <= LARGEST_UNIT) return
    begun.flows = true
    // What was in hand goes on as one piece with this part.
    const held = begun.bytes
    begun.bytes = []
    for (const bytes of held) this.#flow(begun, bytes, false)
  }

  #flow(begun: Begun, part: Buffer, ends: boolean): void {
    if (begun.tells > begun.kept) {
      const bytes = Buffer.from(part.subarray(0, begun.tells - begun.kept))
      begun.bytes.push(bytes)
      begun.kept += bytes.length
    }
    if (begun.tells > 0 && begun.kept >= begun.tells) {
      begun.tells = 0
      this.#host.passed(Buffer.concat(begun.bytes), begun.phase)
    }
    if (this.#cuts) this.#host.piece(part, ends ? AS_IT_IS : GOES_ON)
  }

  /** How many of a message's bytes tell what it does. */
  #tells(phase: Phase, first: number, size: number): number {
    if (phase !== 'typed') return size
    const keeps = this.#host.keeps(first)
    return keeps === undefined ? 0 : Math.min(size, HEAD_BYTES + keeps)
  }
}

const NOTHING = Buffer.alloc(0)

/** Pieces that lie behind each other in memory are one without a copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first = NOTHING] = pieces
  return pieces.length === 1 ? first : Buffer.concat(pieces)
}
