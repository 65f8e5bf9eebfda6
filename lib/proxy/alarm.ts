import { monotonicMs } from '../util/clock.ts'

/** The longest that `setTimeout` takes; a later moment is reached in several waits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1
/** So long the event loop may stand still for alarms: each turn of it has its price, and makes garbage. */
const TURN_MS = 0.05

/** Rings at a moment of the monotonic clock and never before it: `setTimeout` fires up to 0.9 ms early. */
export class Alarm {
  /** Those that ring within a millisecond. */
  static readonly #soon = new Set<Alarm>()
  static #turns = false
  #timer: NodeJS.Timeout | undefined
  #due = Infinity
  readonly #ring: () => void

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Replaces whatever was set. `Infinity` never rings. */
  set(due: number): void {
    if (this.#timer && due === this.#due) return
    this.clear()
    this.#due = due
    if (due !== Infinity) this.#wait()
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    Alarm.#soon.delete(this)
  }

  /** Whole milliseconds only: the platform counts in them, and what else wakes it meanwhile makes it up to one late. */
  #wait(): void {
    const left = Math.floor(this.#due - monotonicMs())
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(left, 1), LONGEST_WAIT_MS))
  }

  /** The last part of a millisecond is waited for turn by turn: a timer would be up to another one late. */
  #look(): void {
    if (this.#due - monotonicMs() >= 1) return this.#wait()
    Alarm.#soon.add(this)
    if (!Alarm.#turns) Alarm.#turn()
  }

  /** All together: one that stood still for itself alone would make the others late. */
  static #turn(this: void): void {
    try {
      const begun = monotonicMs()
      for (let now = begun; Alarm.#soon.size > 0 && now - begun < TURN_MS; now = monotonicMs())
        for (const alarm of Alarm.#soon) if (alarm.#due <= now) alarm.#rings()
    } finally {
      Alarm.#turns = Alarm.#soon.size > 0
      if (Alarm.#turns) setImmediate(Alarm.#turn)
    }
  }

  #rings(): void {
    this.clear()
    this.#ring()
  }
}

/** Alarms that are ended together. */
export class Alarms {
  readonly #set = new Set<Alarm>()

  /** Rings once, after `ms`. */
  add(ms: number, ring: () => void): void {
    const alarm = new Alarm(() => {
      this.#set.delete(alarm)
      ring()
    })
    this.#set.add(alarm)
    alarm.set(monotonicMs() + ms)
  }

  clear(): void {
    for (const alarm of this.#set) alarm.clear()
    this.#set.clear()
  }
}
