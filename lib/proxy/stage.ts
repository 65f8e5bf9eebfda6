import type { Piece, Unit } from '../toxic/units.ts'
import type { AttributeValues, Chunk, Hooks, Pace, Stream, ToxicLane } from '../toxic.ts'
import type { Random } from '../util/random.ts'
import { monotonicMs } from '../util/clock.ts'
import { Alarms } from './alarm.ts'
import { checkHooks, checkSent, checkSynchronous } from './checks.ts'
import { InHand } from './in-hand.ts'
import type { Ending, Outlet, StageHost, Toxic } from './stage-host.ts'

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
  readonly #inHand: InHand
  #ending: Ending = 'end'
  /** The stream has ended, or a toxic has ended it: nothing may pass behind that. */
  #ended = false
  #closed = false
  readonly #timers = new Alarms()

  constructor(host: StageHost, toxic: Toxic, random: Random, next: Outlet) {
    this.host = host
    this.toxic = toxic
    this.random = random
    this.next = next
    this.#inHand = new InHand({
      host,
      toxic,
      next: () => this.next,
      ending: () => this.#ending,
      isClosed: () => this.#closed,
      act: () => this.act(),
      run: (hook) => this.run(hook),
    })
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
    this.#leave('unpaced')
    this.run(() => this.#hooks.updated?.())
    if (!this.#closed) this.#inHand.arm()
  }

  /** Passes on at once what is in hand, in order, and ends the timers. Runs nothing of the toxic. */
  flush(): void {
    this.#leave('all')
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
    this.#inHand.clear()
  }

  /** The toxic sees, and may keep, what passes. */
  get looks(): boolean {
    return this.#hooks.data !== undefined
  }

  // What comes in.

  data(bytes: Buffer, unit?: Unit | Piece): void {
    if (this.#closed) return
    if (this.#ended) return this.#behindEnd(bytes)
    if (unit?.protocol) this.#inHand.clearTheWay(unit)
    if (this.#hooks.data && !this.passes(unit))
      this.run(() => this.#hooks.data?.({ bytes, at: monotonicMs(), unit }))
    else if (this.#inHand.isOpen) this.next.data(bytes, unit)
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

  send(chunk: Chunk, due = 0, options?: { aside?: boolean }): void {
    if (this.#closed) return
    checkSent(chunk.bytes, due)
    this.#inHand.send(chunk, due, options?.aside ?? false)
  }

  pace(chunk: Chunk, next: Pace): void {
    this.#inHand.pace(chunk, next)
  }

  hold(chunk: Chunk): void {
    this.send(chunk, Infinity)
  }

  keep(chunk: Chunk): () => void {
    if (this.#closed) return () => {}
    checkSent(chunk.bytes)
    return this.#inHand.keep(chunk)
  }

  drop({ bytes, unit }: Chunk): void {
    this.act()
    if (unit?.protocol) this.host.surgery?.withheld(unit)
    this.toxic.strikes.dropped(bytes.length)
    this.host.dropped(bytes.length)
  }

  end(due = 0): void {
    if (!this.#closed) this.#inHand.end(due)
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
    this.#leave('all')
  }

  // Within.

  /** It has something in hand. */
  protected get holds(): boolean {
    return !this.#inHand.isEmpty
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

  #leave(what: 'all' | 'unpaced'): void {
    this.#timers.clear()
    this.#inHand.leave(what)
    this.cleared()
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
}
