import { monotonicMs } from '../util/clock.ts'

/** The longest that `setTimeout` takes; a later moment is reached in several waits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** Rings at a moment of the monotonic clock and never before it: `setTimeout` fires up to 0.9 ms early. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
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
    clearImmediate(this.#soon)
    this.#timer = this.#soon = undefined
  }

  #wait(): void {
    const left = Math.ceil(this.#due - monotonicMs())
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(left, 1), LONGEST_WAIT_MS))
  }

  /** The last part of a millisecond is waited for turn by turn: a timer would be up to another one late. */
  #look(): void {
    const left = this.#due - monotonicMs()
    if (left >= 1) return this.#wait()
    if (left > 0) return void (this.#soon = setImmediate(() => this.#look()))
    this.#timer = this.#soon = undefined
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
