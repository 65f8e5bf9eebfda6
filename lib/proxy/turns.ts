import { monotonicMs } from '../util/clock.ts'

/** So much is done, for so many ms, before the event loop sees what else there is. */
const SLICE = 32
const SLICE_MS = 5

const waiting: (() => void)[] = []

/** Runs it soon, after what was given before, and never so much at once that the event loop stands still. */
export function inTurn(work: () => void): void {
  waiting.push(work)
  if (waiting.length === 1) setImmediate(runSome)
}

function runSome(): void {
  const until = monotonicMs() + SLICE_MS
  for (let done = 0; done < SLICE && waiting.length > 0 && monotonicMs() < until; done += 1)
    waiting.shift()?.()
  if (waiting.length > 0) setImmediate(runSome)
}
