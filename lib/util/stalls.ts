import { monotonicMs } from './clock.ts'

export interface StallOptions {
  /** How often to look. Default 1000 ms. */
  everyMs?: number
  /** How much later than that a look may come. Default 5000 ms. */
  limitMs?: number
  onStall: (ms: number) => void
}

/**
 * Notices when this process did not run for a while: the machine was suspended, or has far too much to do. What was
 * measured meanwhile says nothing of the system under test.
 */
export function watchStalls({ everyMs = 1000, limitMs = 5000, onStall }: StallOptions): Disposable {
  let last = monotonicMs()
  const timer = setInterval(() => {
    const lateMs = monotonicMs() - last - everyMs
    last = monotonicMs()
    if (lateMs > limitMs) onStall(lateMs)
  }, everyMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
