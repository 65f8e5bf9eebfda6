import type { Piece, Unit } from '../toxic/units.ts'
import type { AttributeValues, Chunk, Hooks, Pace, Stream, ToxicLane } from '../toxic.ts'
import type { Random } from '../util/random.ts'
import { monotonicMs } from '../util/clock.ts'
import { Alarm, Alarms } from './alarm.ts'
import { checkHooks, checkSent, checkSynchronous } from './checks.ts'
import { askForPiece, cutPiece, Queue, type Item } from './queue.ts'
import type { Ending, Outlet, StageHost, Toxic } from './stage-host.ts'

/** So many writes are done in one turn; with more, an event loop with a hundred lanes would stall. */
const AT_ONCE = 256

/** One toxic on one lane: its hooks, its timers, and what it has in hand, in order. */
export class Stage implements ToxicLane, Outlet {
  next: Outlet
  /** It has delayed, dropped, cut or inserted something. */
  acted = false
  readonly pair: ToxicLane['pair']
  readonly random: Random
  protected readonly host: StageHost
  protected readonly toxic: Toxic
  #hooks: Hooks = {}
  readonly #queue = new Queue()
  /** When the last of what is in hand may leave. */
  #emptyAt = 0
  #ending: Ending = 'end'
  /** The stream has ended, or a toxic has ended it: nothing may pass behind that. */
  #ended = false
  #closed = false
  readonly #alarm = new Alarm(() => this.#release())
  readonly #timers = new Alarms()

  constructor(host: StageHost, toxic: Toxic, random: Random, next: Outlet) {
    this.host = host
    this.toxic = toxic
    this.random = random
    this.next = next
    this.pair = { send: (bytes) => this.#insert(bytes) }
  }

  /** Starts the toxic; apart from the constructor, since it may cut the connection at once. */
  open(): void {
    this.run(() => {
      this.#hooks = this.hooksFrom(checkHooks(this.toxic.definition.open(this)))
      this.opened(this.#hooks)
    })
  }

  /** The attributes have changed: what is delayed leaves now, what is paced in the new pace; the timers end. */
  update(): void {
    this.#leave(this.#queue.takeUnpaced())
    this.run(() => this.#hooks.updated?.())
    if (!this.#closed) this.#arm()
  }

  /** Passes on at once what is in hand, in order, and ends the timers. Runs nothing of the toxic. */
  flush(): void {
    this.#leave(this.#queue.takeAll())
  }

  close(): void {
    this.#strikeCut('close')
  }

  reset(): void {
    this.#strikeCut('reset')
  }

  /** The connection has ended, or the toxic is gone: no code of it runs any more. */
  dispose(): void {
    this.#closed = true
    this.#timers.clear()
    this.#alarm.clear()
    this.#queue.takeAll()
  }

  /** The toxic sees, and may keep, what passes. */
  get looks(): boolean {
    return this.#hooks.data !== undefined
  }

  // What comes in.

  data(bytes: Buffer, unit?: Unit | Piece): void {
    if (this.#closed) return
    if (this.#ended) return this.#behindEnd(bytes)
    if (unit?.protocol && this.#queue.hasAside) this.#clearTheWay(unit)
    if (this.#hooks.data && !this.passes(unit))
      this.run(() => this.#hooks.data?.({ bytes, at: monotonicMs(), unit }))
    else if (this.#queue.isOpen) this.next.data(bytes, unit)
    else this.send({ bytes, at: 0, unit })
  }

  ending(how: Ending): void {
    if (this.#closed || typeof this.#ending === 'object') return
    this.#ended = true
    this.#ending = how
    if (this.#hooks.end) this.run(() => this.#hooks.end?.())
    else this.end()
  }

  // What the toxic may do.

  get stream(): Stream {
    return this.host.stream
  }

  get attributes(): AttributeValues {
    return this.toxic.attributes
  }

  shared<T extends object>(make: () => T): T {
    this.toxic.shared ??= make()
    return this.toxic.shared as T
  }

  now(): number {
    return monotonicMs()
  }

  send({ bytes, at, unit }: Chunk, due = 0, options?: { aside?: boolean }): void {
    if (this.#closed) return
    checkSent(bytes, due)
    const now = monotonicMs()
    const item: Item = { due, since: arrivalOf(at, now), bytes, unit }
    if (options?.aside && due > now) return this.#putAside(item, bytes)
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#queue.isOpen) return this.next.data(bytes, unit)
    item.due = this.#emptyAt
    this.#push(item, bytes)
  }

  pace({ bytes, at }: Chunk, next: Pace): void {
    const item: Item = { due: 0, since: arrivalOf(at, monotonicMs()), bytes, pace: next }
    if (this.#queue.isOpen) {
      for (let n = 0; n < AT_ONCE && !this.#closed && item.bytes?.length; n += 1) {
        askForPiece(item)
        if (item.due > monotonicMs()) break
        this.next.data(this.#cut(item))
      }
    }
    if (!this.#closed && item.bytes?.length) this.#push(item, item.bytes)
  }

  hold(chunk: Chunk): void {
    this.send(chunk, Infinity)
  }

  keep({ bytes, at, unit }: Chunk): () => void {
    if (this.#closed) return () => {}
    checkSent(bytes)
    const item: Item = { due: Infinity, since: arrivalOf(at, monotonicMs()), bytes, unit }
    this.#putAside(item, bytes)
    return () => {
      if (this.#queue.takeAside(item)) this.#pass(item)
      this.#arm()
    }
  }

  drop({ bytes, unit }: Chunk): void {
    this.act()
    if (unit?.protocol) this.host.surgery?.withheld(unit)
    this.toxic.strikes.dropped(bytes.length)
    this.host.dropped(bytes.length)
  }

  end(due = 0): void {
    if (this.#closed) return
    const now = monotonicMs()
    if (due > now) this.act()
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#queue.isEmpty) return this.next.ending(this.#ending)
    this.#queue.push({ due: this.#emptyAt, since: now, bytes: undefined })
    this.#arm()
  }

  finish(): void {
    if (this.#closed || typeof this.#ending === 'object') return
    this.act()
    this.#ended = true
    this.#ending = { closedBy: this.toxic }
    this.end()
  }

  after(ms: number, run: () => void): void {
    if (!this.#closed) this.#timers.add(ms, () => this.run(run))
  }

  release(): void {
    this.#leave(this.#queue.takeAll())
  }

  // Within.

  /** It has something in hand. */
  protected get holds(): boolean {
    return !this.#queue.isEmpty
  }

  /** The hooks by which the engine runs those of the toxic. */
  protected hooksFrom(hooks: Hooks): Hooks {
    return hooks
  }

  /** It is none that the toxic is shown: asked once for each. */
  protected passes(_unit: Unit | Piece | undefined): boolean {
    return false
  }

  /** The toxic has been opened. */
  protected opened(_hooks: Hooks): void {}

  /** The toxic is changed or removed: what was in hand has left. */
  protected cleared(): void {}

  #leave(items: readonly Item[]): void {
    this.#timers.clear()
    this.#emptyAt = monotonicMs()
    this.host.batch(() => {
      for (const item of items) this.#pass(item)
      if (items.some((item) => !item.bytes)) this.next.ending(this.#ending)
    })
    this.cleared()
  }

  /** What may be overtaken, but not by this. */
  #clearTheWay(unit: Unit): void {
    const first = this.#queue.takeAsideIf(
      (item) => item.unit?.protocol !== undefined && unit.ends?.(item.unit),
    )
    for (const item of first) this.#pass(item)
    if (first.length > 0) this.#arm()
  }

  #putAside(item: Item, bytes: Buffer): void {
    this.#delayed(bytes)
    this.#queue.putAside(item)
    if (item.unit?.protocol) this.host.surgery?.withheld(item.unit)
    item.isAside = true
    this.#arm()
  }

  #push(item: Item, bytes: Buffer): void {
    this.#delayed(bytes)
    this.#queue.push(item)
    this.#arm()
  }

  #delayed(bytes: Buffer): void {
    this.act()
    this.toxic.strikes.delayed(bytes.length)
    this.host.held(bytes.length)
  }

  #behindEnd(bytes: Buffer): void {
    const { length } = bytes
    if (typeof this.#ending === 'object' && this.#ending.closedBy === this.toxic)
      this.toxic.strikes.dropped(length)
    this.host.behindEnd(length)
  }

  #insert(bytes: Buffer): void {
    checkSent(bytes)
    this.act()
    this.host.toPair(bytes)
  }

  protected act(): void {
    if (this.acted) return
    this.acted = true
    this.host.acted(this.toxic)
  }

  #strikeCut(how: 'close' | 'reset'): void {
    if (this.#closed) return
    this.act()
    this.host.cut(this.toxic, how)
  }

  /** Runs the toxic's code: what it throws ends this connection and nothing else. */
  protected run(hook: () => unknown): void {
    if (this.#closed) return
    try {
      checkSynchronous(hook())
    } catch (error) {
      this.host.failed(this.toxic, error)
    }
  }

  #arm(): void {
    this.#alarm.set(this.#queue.first()?.due ?? Infinity)
  }

  /** Each on its own, so that what was cut stays apart; as one write where there are very many. */
  #release(): void {
    const now = monotonicMs()
    if (this.#queue.hasDue(AT_ONCE, now)) this.host.batch(() => this.#releaseDue(now))
    else this.#releaseDue(now)
    this.host.balance()
    this.#arm()
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
        else this.next.ending(this.#ending)
      }
    }
  }

  /** @returns how many pieces have left: one, or none if its turn has not come. */
  #releasePiece(item: Item, now: number): number {
    this.run(() => askForPiece(item))
    if (this.#closed || item.due > now || !item.bytes) return 0
    if (item.size === item.bytes.length) {
      this.#queue.shift()
      this.#pass(item)
    } else {
      const piece = this.#cut(item)
      this.host.held(-piece.length)
      this.next.data(piece)
    }
    return 1
  }

  #cut(item: Item): Buffer {
    if (item.size !== item.bytes?.length) this.act()
    return cutPiece(item)
  }

  #pass({ bytes, since, unit, isAside }: Item): void {
    if (!bytes) return
    this.toxic.strikes.left(monotonicMs() - since)
    this.host.held(-bytes.length)
    if (isAside && unit?.protocol) this.host.surgery?.released(unit)
    this.next.data(bytes, unit)
  }
}

/** Delays count from a chunk's arrival; one that a toxic made itself arrives when it is sent. */
const arrivalOf = (at: number, now: number): number => (at > 0 && at <= now ? at : now)
