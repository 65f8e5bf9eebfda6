import type { Piece, Unit } from '../../toxic/units.ts'
import type { Ending, Outlet } from '../stage-host.ts'
import type { Interest } from './amqp/head.ts'
import type { Within } from './dialect.ts'

export interface ExitHost {
  /** What a message is to the side that it goes to; undefined: it does not go there. */
  leaving(bytes: Buffer, unit: Unit): readonly Buffer[] | undefined
  /** Pieces of the channel's messages do not go on. */
  drops(channel: number): boolean
  /** It leaves in the place in which it came. */
  isInOrder(unit: Unit): boolean
  /** A toxic made what has left now. */
  inserted(bytes: Buffer): void
}

/** From this place of what has left on: so much of the tapped lane has, and goes on doing so if it `moves`. */
interface Mark {
  from: number
  tapped: number
  moves: boolean
}

/** More are not of use: what is before them has left long ago. */
const MARKS_KEPT = 4096

/**
 * Where messages become bytes again, behind the toxics that act on messages and before those that act on bytes. What is
 * put in never lands inside of a message.
 */
export class Exit implements Outlet {
  /** The first toxic that acts on bytes, or the lane's destination. */
  next: Outlet
  readonly #host: ExitHost
  #left = 0
  readonly #marks: Mark[] = [{ from: 0, tapped: 0, moves: true }]
  #inFrame = false
  readonly #inMessage = new Set<number>()
  /** What waits for the end of a frame, or of a message of its channel. */
  #waiting: { channel: number; send: () => void }[] = []
  /** What goes on as one write, while it is collected. */
  #collected: Buffer[] | undefined

  constructor(host: ExitHost, next: Outlet) {
    this.#host = host
    this.next = next
  }

  /** What goes on message by message begins within these. */
  begin({ inFrame, channels }: Within): void {
    this.#inFrame = inFrame
    for (const channel of channels) this.#inMessage.add(channel)
  }

  /** Nothing has begun that is not whole, and nothing waits for that. */
  get isClear(): boolean {
    return !this.#inFrame && this.#inMessage.size === 0 && this.#waiting.length === 0
  }

  /** Bytes that went on past it, to here in the tapped lane: nothing is behind any more. */
  passed(bytes: number, tapped: number): void {
    this.#left += bytes
    this.#mark(tapped, true)
  }

  /** What waits has its turn between messages. */
  interest(): Interest {
    return this.#waiting.length > 0 ? 'message' : undefined
  }

  data(bytes: Buffer, unit?: Unit | Piece): void {
    if (!unit) return this.#write(bytes)
    if (unit.protocol === undefined) return this.#piece(bytes, unit)
    const channel = channelOf(unit)
    if (this.#isPossible(channel)) this.#unit(bytes, unit)
    else this.#waiting.push({ channel, send: () => this.#unit(bytes, unit) })
  }

  /** Puts in a message that no toxic sees. @param left called when it has left. */
  insert(bytes: Buffer, channel: number, left?: () => void): void {
    this.#whenPossible(channel, () => {
      this.#host.inserted(bytes)
      this.#writeAside([bytes])
      left?.()
    })
  }

  ending(how: Ending): void {
    if (this.#waiting.length > 0 && !this.#inFrame) this.#sendWaiting()
    // What is behind the end of a lane is lost.
    this.flush()
    this.next.ending(how)
  }

  /** Runs it, and lets what it sends leave as few pieces. */
  collect(run: () => void): void {
    if (this.#collected) return run()
    this.#collected = []
    try {
      run()
    } finally {
      this.flush()
      this.#collected = undefined
    }
  }

  /** What is collected leaves now. */
  flush(): void {
    const collected = this.#collected
    if (!collected || collected.length === 0) return
    this.#collected = []
    for (const bytes of contiguous(collected)) this.next.data(bytes)
  }

  /** How far the tapped lane has been handed on, if so many bytes have left. */
  handedOn(left: number): number {
    const mark = this.#marks.findLast(({ from }) => from <= left)
    if (!mark) return left
    return mark.moves ? mark.tapped + left - mark.from : mark.tapped
  }

  #unit(bytes: Buffer, unit: Unit): void {
    const pieces = this.#host.leaving(bytes, unit)
    if (!pieces) return
    const { until } = unit
    if (until === undefined) for (const piece of pieces) this.#host.inserted(piece)
    if (until === undefined || !this.#host.isInOrder(unit)) return this.#writeAside(pieces)
    this.#writeInOrder(pieces, until - bytes.length, until)
  }

  #piece(bytes: Buffer, { channel, inFrame, inMessage }: Piece): void {
    this.#mark(this.handedOn(this.#left), true)
    if (!this.#host.drops(channel)) this.#write(bytes)
    this.#inFrame = inFrame
    if (inMessage) this.#inMessage.add(channel)
    else this.#inMessage.delete(channel)
    if (!inFrame && this.#waiting.length > 0) this.#sendWaiting()
  }

  #whenPossible(channel: number, send: () => void): void {
    if (this.#isPossible(channel)) send()
    else this.#waiting.push({ channel, send })
  }

  #isPossible(channel: number): boolean {
    return !this.#inFrame && !this.#inMessage.has(channel)
  }

  #sendWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { channel, send } of waiting) this.#whenPossible(channel, send)
  }

  #write(bytes: Buffer): void {
    this.#left += bytes.length
    if (this.#collected) this.#collected.push(bytes)
    else this.next.data(bytes)
  }

  /** A message that was tapped between these two places. */
  #writeInOrder(pieces: readonly Buffer[], from: number, until: number): void {
    // What is not the same to the other side has been handed on when all of it has.
    const isSame = pieces.reduce((sum, { length }) => sum + length, 0) === until - from
    this.#mark(from, isSame)
    for (const piece of pieces) this.#write(piece)
    this.#mark(until, true)
  }

  /** What is not in its place in the tapped lane, or has none. */
  #writeAside(pieces: readonly Buffer[]): void {
    this.#mark(this.handedOn(this.#left), false)
    for (const piece of pieces) this.#write(piece)
  }

  #mark(tapped: number, moves: boolean): void {
    const last = this.#marks.at(-1)
    if (last?.moves === moves && this.handedOn(this.#left) === tapped) return
    this.#marks.push({ from: this.#left, tapped, moves })
    if (this.#marks.length > MARKS_KEPT) this.#marks.splice(0, MARKS_KEPT / 2)
  }
}

const channelOf = (unit: Unit): number => (unit.protocol === 'amqp' ? unit.message.channel : 0)

/** Buffers that lie behind each other in memory become one. */
export function contiguous(parts: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  let first: Buffer | undefined
  let end = 0
  const join = (): void => {
    if (!first) return
    const length = end - first.byteOffset
    joined.push(length === first.length ? first : Buffer.from(first.buffer, first.byteOffset, length))
  }
  for (const part of parts) {
    if (part.buffer !== first?.buffer || part.byteOffset !== end) {
      join()
      first = part
    }
    end = part.byteOffset + part.length
  }
  join()
  return joined
}
