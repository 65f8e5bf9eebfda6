import type { Unit } from '../toxic/units.ts'
import type { Chunk, Pace } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { Alarm } from './alarm.ts'
import { askForPiece, cutPiece, Queue, type Item } from './queue.ts'
import type { Ending, Outlet, StageHost, Toxic } from './stage-host.ts'

/** So many writes are done in one turn; with more, an event loop with a hundred lanes would stall. */
const AT_ONCE = 256

/** What it needs of its stage. */
interface Holder {
  readonly host: StageHost
  readonly toxic: Toxic
  next(): Outlet
  ending(): Ending
  isClosed(): boolean
  /** The toxic has delayed or cut something. */
  act(): void
  /** Runs the toxic's code. */
  run(hook: () => unknown): void
}

/** What a stage has in hand, and how it leaves: in order and when it is due, or at its pace. */
export class InHand {
  readonly #stage: Holder
  readonly #host: StageHost
  readonly #toxic: Toxic
  readonly #queue = new Queue()
  /** When the last of what is in hand may leave. */
  #emptyAt = 0
  readonly #alarm = new Alarm(() => this.#release())

  constructor(stage: Holder) {
    this.#stage = stage
    this.#host = stage.host
    this.#toxic = stage.toxic
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty
  }

  /** Nothing is in hand that what comes must not overtake. */
  get isOpen(): boolean {
    return this.#queue.isOpen
  }

  get #next(): Outlet {
    return this.#stage.next()
  }

  get #isClosed(): boolean {
    return this.#stage.isClosed()
  }

  /** What is in hand is lost. */
  clear(): void {
    this.#alarm.clear()
    this.#queue.takeAll()
  }

  /** @param aside What comes behind it may overtake it. */
  send({ bytes, at, unit }: Chunk, due: number, aside: boolean): void {
    const now = monotonicMs()
    const item: Item = { due, since: arrivalOf(at, now), bytes, unit }
    if (aside && due > now) return this.#putAside(item, bytes)
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#queue.isOpen) return this.#next.data(bytes, unit)
    item.due = this.#emptyAt
    this.#push(item, bytes)
  }

  pace({ bytes, at }: Chunk, next: Pace): void {
    const item: Item = { due: 0, since: arrivalOf(at, monotonicMs()), bytes, pace: next }
    if (this.#queue.isOpen) {
      for (let n = 0; n < AT_ONCE && !this.#isClosed && item.bytes?.length; n += 1) {
        askForPiece(item)
        if (item.due > monotonicMs()) break
        this.#next.data(this.#cut(item))
      }
    }
    if (!this.#isClosed && item.bytes?.length) this.#push(item, item.bytes)
  }

  /** @returns what lets it go. */
  keep({ bytes, at, unit }: Chunk): () => void {
    const item: Item = { due: Infinity, since: arrivalOf(at, monotonicMs()), bytes, unit }
    this.#putAside(item, bytes)
    return () => {
      if (this.#queue.takeAside(item)) this.#pass(item)
      this.arm()
    }
  }

  end(due = 0): void {
    const now = monotonicMs()
    if (due > now) this.#stage.act()
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#queue.isEmpty) return this.#next.ending(this.#stage.ending())
    this.#queue.push({ due: this.#emptyAt, since: now, bytes: undefined })
    this.arm()
  }

  /** Passes on at once what is in hand, in order; what is paced too, or not. */
  leave(what: 'all' | 'unpaced'): void {
    const items = what === 'all' ? this.#queue.takeAll() : this.#queue.takeUnpaced()
    this.#emptyAt = monotonicMs()
    this.#host.batch(() => {
      for (const item of items) this.#pass(item)
      if (items.some((item) => !item.bytes)) this.#next.ending(this.#stage.ending())
    })
  }

  /** What may be overtaken, but not by this. */
  clearTheWay(unit: Unit): void {
    if (!this.#queue.hasAside) return
    const first = this.#queue.takeAsideIf(
      (item) => item.unit?.protocol !== undefined && unit.ends?.(item.unit),
    )
    for (const item of first) this.#pass(item)
    if (first.length > 0) this.arm()
  }

  #putAside(item: Item, bytes: Buffer): void {
    this.#delayed(bytes)
    this.#queue.putAside(item)
    if (item.unit?.protocol) this.#host.surgery?.withheld(item.unit)
    item.isAside = true
    this.arm()
  }

  #push(item: Item, bytes: Buffer): void {
    this.#delayed(bytes)
    this.#queue.push(item)
    this.arm()
  }

  #delayed(bytes: Buffer): void {
    this.#stage.act()
    this.#toxic.strikes.delayed(bytes.length)
    this.#host.held(bytes.length)
  }

  /** Waits for the first that is to leave. */
  arm(): void {
    this.#alarm.set(this.#queue.first()?.due ?? Infinity)
  }

  /** Each on its own, so that what was cut stays apart; as one write where there are very many. */
  #release(): void {
    const now = monotonicMs()
    if (this.#queue.hasDue(AT_ONCE, now)) this.#host.batch(() => this.#releaseDue(now))
    else this.#releaseDue(now)
    this.#host.balance()
    this.arm()
  }

  #releaseDue(now: number): void {
    let pieces = 0
    while (pieces < AT_ONCE) {
      const item = this.#queue.first()
      if (!item || item.due > now) return
      if (item.pace) pieces += this.#releasePiece(item, now)
      else {
        this.#queue.shift()
        if (item.bytes) this.#pass(item)
        else this.#next.ending(this.#stage.ending())
      }
    }
  }

  /** @returns how many pieces have left: one, or none if its turn has not come. */
  #releasePiece(item: Item, now: number): number {
    this.#stage.run(() => askForPiece(item))
    if (this.#isClosed || item.due > now || !item.bytes) return 0
    if (item.size === item.bytes.length) {
      this.#queue.shift()
      this.#pass(item)
    } else {
      const piece = this.#cut(item)
      this.#host.held(-piece.length)
      this.#next.data(piece)
    }
    return 1
  }

  #cut(item: Item): Buffer {
    if (item.size !== item.bytes?.length) this.#stage.act()
    return cutPiece(item)
  }

  #pass({ bytes, since, unit, isAside }: Item): void {
    if (!bytes) return
    this.#toxic.strikes.left(monotonicMs() - since)
    this.#host.held(-bytes.length)
    if (isAside && unit?.protocol) this.#host.surgery?.released(unit)
    this.#next.data(bytes, unit)
  }
}

/** Delays count from a chunk's arrival; one that a toxic made itself arrives when it is sent. */
const arrivalOf = (at: number, now: number): number => (at > 0 && at <= now ? at : now)
