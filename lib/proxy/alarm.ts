import { monotonicMs } from '../util/clock.ts'

/** The longest that `setTimeout` takes; a later moment is reached in several waits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** Rings once, at a moment of the monotonic clock and never before it: `setTimeout` fires up to 0.9 ms early. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined

  /** Replaces whatever was set. `Infinity` never rings. */
  set(due: number, ring: () => void): void {
    this.clear()
    if (due === Infinity) return
    const wait = Math.min(Math.max(Math.ceil(due - monotonicMs()), 1), LONGEST_WAIT_MS)
    this.#timer = setTimeout(() => {
      if (monotonicMs() < due) return this.set(due, ring)
      this.#timer = undefined
      ring()
    }, wait)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
