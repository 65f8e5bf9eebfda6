import type { AttributeValues, Chunk, Hooks, Stream, ToxicDefinition, ToxicLane } from '../toxic.ts'
import type { Random } from '../util/random.ts'
import { monotonicMs } from '../util/clock.ts'
import { Alarm } from './alarm.ts'
import type { Strikes } from './evidence.ts'

/** A toxic of a proxy; its attributes and toxicity are replaced when it is changed. */
export interface Toxic {
  readonly name: string
  readonly definition: ToxicDefinition
  readonly stream: Stream
  /** The share of connections that it acts on, 0 to 1. */
  toxicity: number
  attributes: AttributeValues
}

/** How a source ended: FIN or RST. */
export type Ending = 'end' | 'reset'

/** What a stage sends to: the next stage, or the lane's destination. */
export interface Outlet {
  data(bytes: Buffer): void
  ending(how: Ending): void
}

/** What a stage needs of its lane. */
export interface StageHost {
  readonly stream: Stream
  readonly strikes: Strikes
  /** More, or fewer, bytes in hand. */
  held(bytes: number): void
  dropped(bytes: number): void
  /** Runs it as one write to the destination, and looks at the bounds afterwards. */
  batch(run: () => void): void
  toPair(bytes: Buffer): void
  cut(toxic: string, how: 'close' | 'reset'): void
  failed(toxic: string, error: unknown): void
}

interface Item {
  due: number
  /** When it was put in hand. */
  since: number
  bytes: Buffer | undefined
}

/** Emptied slots at the front of a queue before it is shifted. */
const SLACK = 1024

/** One toxic on one lane: its hooks, its timers, and what it has in hand, in order. */
export class Stage implements ToxicLane, Outlet {
  next: Outlet
  /** It has delayed, dropped, cut or inserted something. */
  acted = false
  readonly pair: ToxicLane['pair']
  readonly random: Random
  readonly #host: StageHost
  readonly #toxic: Toxic
  #hooks: Hooks = {}
  /** In order of `due`, from `#head` on; an item without bytes is the end of the stream. */
  #queue: Item[] = []
  #head = 0
  /** What may be overtaken, in order of `due`. */
  #aside: Item[] = []
  #emptyAt = 0
  #ending: Ending = 'end'
  #closed = false
  readonly #alarm = new Alarm(() => this.#release())
  readonly #timers = new Set<Alarm>()

  constructor(host: StageHost, toxic: Toxic, random: Random, next: Outlet) {
    this.#host = host
    this.#toxic = toxic
    this.random = random
    this.next = next
    this.pair = { send: (bytes) => this.#insert(bytes) }
  }

  /** Starts the toxic; apart from the constructor, since it may cut the connection at once. */
  open(): void {
    this.#run(() => {
      this.#hooks = this.#toxic.definition.open(this)
    })
  }

  /** The attributes have changed: what is in hand leaves now, the timers end. */
  update(): void {
    this.flush()
    this.#run(() => this.#hooks.updated?.())
  }

  /** Passes on at once what is in hand, in order, and ends the timers. Runs nothing of the toxic. */
  flush(): void {
    this.#stopTimers()
    const items = [...this.#queue.slice(this.#head), ...this.#aside]
    this.#clear()
    this.#emptyAt = monotonicMs()
    const data = items.filter((item) => item.bytes)
    this.#host.batch(() => {
      for (const item of data) this.#pass(item)
      if (data.length < items.length) this.next.ending(this.#ending)
    })
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
    this.#stopTimers()
    this.#clear()
  }

  // What comes in.

  data(bytes: Buffer): void {
    if (this.#closed) return
    if (this.#hooks.data) this.#run(() => this.#hooks.data?.({ bytes, at: monotonicMs() }))
    else this.send({ bytes, at: 0 })
  }

  ending(how: Ending): void {
    if (this.#closed) return
    this.#ending = how
    if (this.#hooks.end) this.#run(() => this.#hooks.end?.())
    else this.end()
  }

  // What the toxic may do.

  get stream(): Stream {
    return this.#host.stream
  }

  get attributes(): AttributeValues {
    return this.#toxic.attributes
  }

  get emptyAt(): number {
    return this.#emptyAt
  }

  now(): number {
    return monotonicMs()
  }

  send({ bytes }: Chunk, due = 0, options?: { aside?: boolean }): void {
    if (this.#closed) return
    const now = monotonicMs()
    const item = { due, since: now, bytes }
    if (options?.aside && due > now) {
      const later = this.#aside.findIndex((other) => other.due > due)
      this.#aside.splice(later < 0 ? this.#aside.length : later, 0, item)
      return this.#delayed(item)
    }
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#head === this.#queue.length) return this.next.data(bytes)
    item.due = this.#emptyAt
    this.#queue.push(item)
    this.#delayed(item)
  }

  hold(chunk: Chunk): void {
    this.send(chunk, Infinity)
  }

  drop({ bytes }: Chunk): void {
    this.acted = true
    this.#host.strikes.bytesDropped += bytes.length
    this.#host.dropped(bytes.length)
  }

  end(due = 0): void {
    if (this.#closed) return
    const now = monotonicMs()
    if (due > now) this.acted = true
    this.#emptyAt = Math.max(this.#emptyAt, due)
    if (due <= now && this.#idle) return this.next.ending(this.#ending)
    this.#queue.push({ due: this.#emptyAt, since: now, bytes: undefined })
    this.#arm()
  }

  after(ms: number, run: () => void): void {
    const alarm = new Alarm(() => {
      this.#timers.delete(alarm)
      this.#run(run)
    })
    this.#timers.add(alarm)
    alarm.set(monotonicMs() + ms)
  }

  // Within.

  get #idle(): boolean {
    return this.#head === this.#queue.length && this.#aside.length === 0
  }

  #delayed(item: { bytes: Buffer }): void {
    this.acted = true
    this.#host.strikes.chunksDelayed += 1
    this.#host.strikes.bytesDelayed += item.bytes.length
    this.#host.held(item.bytes.length)
    this.#arm()
  }

  #insert(bytes: Buffer): void {
    this.acted = true
    this.#host.toPair(bytes)
  }

  #strikeCut(how: 'close' | 'reset'): void {
    if (this.#closed) return
    this.acted = true
    this.#host.cut(this.#toxic.name, how)
  }

  /** Runs the toxic's code: what it throws ends this connection and nothing else. */
  #run(hook: () => void): void {
    if (this.#closed) return
    try {
      hook()
    } catch (error) {
      this.#host.failed(this.#toxic.name, error)
    }
  }

  /** The next item to leave: the end of the stream waits for what was put aside. */
  #first(): Item | undefined {
    const inOrder = this.#queue[this.#head]
    const aside = this.#aside[0]
    if (!inOrder || !aside) return inOrder ?? aside
    return inOrder.bytes && inOrder.due <= aside.due ? inOrder : aside
  }

  #arm(): void {
    this.#alarm.set(this.#first()?.due ?? Infinity)
  }

  #release(): void {
    this.#host.batch(() => {
      const now = monotonicMs()
      for (let item = this.#first(); item && item.due <= now; item = this.#first()) {
        if (item === this.#aside[0]) this.#aside.shift()
        else this.#shift()
        if (item.bytes) this.#pass(item)
        else this.next.ending(this.#ending)
      }
    })
    this.#arm()
  }

  #shift(): void {
    this.#head += 1
    if (this.#head < SLACK && this.#head < this.#queue.length) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }

  #pass({ bytes, since }: Item): void {
    if (!bytes) return
    this.#host.strikes.delayedMs += monotonicMs() - since
    this.#host.held(-bytes.length)
    this.next.data(bytes)
  }

  #clear(): void {
    this.#alarm.clear()
    this.#queue = []
    this.#head = 0
    this.#aside = []
  }

  #stopTimers(): void {
    for (const alarm of this.#timers) alarm.clear()
    this.#timers.clear()
  }
}
