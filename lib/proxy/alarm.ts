import { monotonicMs } from '../util/clock.ts'

/** The longest that `setTimeout` takes; a later moment is reached in several waits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** Rings at a moment of the monotonic clock and never before it: `setTimeout` fires up to 0.9 ms early. */
export class Alarm {
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
  }

  #wait(): void {
    const left = Math.ceil(this.#due - monotonicMs())
    this.#timer = setTimeout(
      () => {
        if (monotonicMs() < this.#due) return this.#wait()
        this.#timer = undefined
        this.#ring()
      },
      Math.min(Math.max(left, 1), LONGEST_WAIT_MS),
    )
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
