import type { Piece, Unit } from '../toxic/units.ts'
import type { Pace } from '../toxic.ts'
import { checkSent } from './checks.ts'

/** What a stage has in hand: bytes, or the end of the stream. */
export interface Item {
  due: number
  /** When it was put in hand. */
  readonly since: number
  /** What has not left yet; undefined is the end of the stream. */
  bytes: Buffer | undefined
  /** What the bytes are, before they have left the toxics that act on messages. */
  readonly unit?: Unit | Piece | undefined
  /** Others pass it. */
  isAside?: boolean
  /** It leaves piece by piece. */
  readonly pace?: Pace
  /** Bytes of the next piece; 0 until it has been asked for. */
  size?: number
}

/** Emptied slots at the front before the list is shifted. */
const SLACK = 1024

/** In hand beyond this, small items share slots of up to 1 KiB: as objects they would outweigh their bytes a hundredfold. */
const CROWD = 16_384
const SLOT_BYTES = 1024

/** What one toxic has in hand on one lane, in order; what is aside may be overtaken, but not by the end of the stream. */
export class Queue {
  /** From `#head` on, in order of `due`. */
  #inOrder: Item[] = []
  #head = 0
  /** In order of `due`. */
  #aside: Item[] = []

  /** Nothing is in hand that must not be overtaken. */
  get isOpen(): boolean {
    return this.#head === this.#inOrder.length
  }

  get isEmpty(): boolean {
    return this.isOpen && this.#aside.length === 0
  }

  /** Puts it behind what is in hand. */
  push(item: Item): void {
    const last = this.#inOrder.at(-1)
    if (this.#inOrder.length - this.#head < CROWD || !last || !joined(last, item)) this.#inOrder.push(item)
  }

  putAside(item: Item): void {
    const later = this.#aside.findIndex((other) => other.due > item.due)
    this.#aside.splice(later < 0 ? this.#aside.length : later, 0, item)
  }

  get hasAside(): boolean {
    return this.#aside.length > 0
  }

  /** Takes off what is aside and meets the condition, in order. */
  takeAsideIf(meets: (item: Item) => boolean | undefined): Item[] {
    const taken = this.#aside.filter(meets)
    if (taken.length > 0) this.#aside = this.#aside.filter((item) => !taken.includes(item))
    return taken
  }

  /** @returns false if it has left. */
  takeAside(item: Item): boolean {
    const index = this.#aside.indexOf(item)
    if (index >= 0) this.#aside.splice(index, 1)
    return index >= 0
  }

  /** The next item to leave. */
  first(): Item | undefined {
    const inOrder = this.#inOrder[this.#head]
    const aside = this.#aside[0]
    if (!inOrder || !aside) return inOrder ?? aside
    return inOrder.bytes && inOrder.due <= aside.due ? inOrder : aside
  }

  /** Takes off what `first` gives. */
  shift(): void {
    if (this.first() === this.#aside[0]) return void this.#aside.shift()
    this.#head += 1
    if (this.#head < SLACK && !this.isOpen) return
    this.#inOrder.splice(0, this.#head)
    this.#head = 0
  }

  /** More than so many items are due. */
  hasDue(count: number, now: number): boolean {
    return (this.#inOrder[this.#head + count]?.due ?? Infinity) <= now
  }

  /**
   * Takes off all but what leaves piece by piece and what is behind that. What stays is due now: its next piece is
   * asked for anew.
   */
  takeUnpaced(): Item[] {
    const inOrder = this.#inOrder.slice(this.#head)
    const firstPaced = inOrder.findIndex(({ pace }) => pace)
    if (firstPaced < 0) return this.takeAll()
    const stays = inOrder.splice(firstPaced)
    for (const item of stays) Object.assign(item, { due: 0, size: 0 })
    const taken = [...inOrder, ...this.#aside]
    this.#inOrder = stays
    this.#head = 0
    this.#aside = []
    return taken
  }

  /** Empties it. */
  takeAll(): Item[] {
    const items = [...this.#inOrder.slice(this.#head), ...this.#aside]
    this.#inOrder = []
    this.#head = 0
    this.#aside = []
    return items
  }
}

/** Adds a small item to another, which then leaves when that would have, or in its own pace. */
function joined(to: Item, item: Item): boolean {
  const paced = to.pace !== undefined
  if (!to.bytes || !item.bytes || to.unit || item.unit || paced !== (item.pace !== undefined)) return false
  if (to.bytes.length + item.bytes.length > SLOT_BYTES) return false
  to.bytes = Buffer.concat([to.bytes, item.bytes])
  if (!paced) to.due = item.due
  return true
}

/** Asks for the next piece of what leaves piece by piece, once. */
export function askForPiece(item: Item): void {
  if (item.size || !item.pace || !item.bytes) return
  const left = item.bytes.length
  const { size, due } = item.pace(left)
  if (!(Number.isInteger(size) && size >= 1 && size <= left))
    throw new RangeError(`a piece of ${size} of the ${left} bytes that are left`)
  checkSent(item.bytes, due)
  item.size = size
  item.due = due
}

/** Takes off the piece that was asked for. */
export function cutPiece(item: Item): Buffer {
  const { bytes = NOTHING, size = 0 } = item
  item.bytes = bytes.subarray(size)
  item.size = 0
  return bytes.subarray(0, size)
}

const NOTHING = Buffer.alloc(0)
