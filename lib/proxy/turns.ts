import { monotonicMs } from '../util/clock.ts'

/** For so long work is done before the event loop sees what else there is, in ms. */
const SLICE_MS = 5

const waiting: (() => void)[] = []

/** Runs it soon, after what was given before, and never so much at once that the event loop stands still. */
export function inTurn(work: () => void): void {
  waiting.push(work)
  if (waiting.length === 1) setImmediate(runSome)
}

function runSome(): void {
  const until = monotonicMs() + SLICE_MS
  do waiting.shift()?.()
  while (waiting.length > 0 && monotonicMs() < until)
  if (waiting.length > 0) setImmediate(runSome)
}
