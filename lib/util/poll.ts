import { setTimeout as pause } from 'node:timers/promises'
import { HarnessError } from './errors.ts'
import { inSeconds, monotonicMs } from './clock.ts'

/** What was awaited did not come before its deadline. */
export class DeadlineError extends HarnessError {
  override name = 'DeadlineError'
}

export interface PollOptions {
  /** What is awaited, for the error: `engine-1 answers its ping`. */
  what: string
  deadlineMs: number
  /** Pause between two looks. Default 50 ms. */
  everyMs?: number
  signal?: AbortSignal
  /** Said in the error's text: the last lines of a log, the last reading. */
  detail?: () => string
}

/** Lets time pass, where time itself is what is wanted. An abort throws the signal's reason. */
export async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    // The reason of the abort says what happened; the timer's own error only that something did.
    signal?.throwIfAborted()
    throw error
  }
}

/**
 * Looks until `look` returns something other than undefined and returns that.
 * A look that throws ends the wait with its error.
 * @throws {DeadlineError} with what was awaited and for how long.
 */
export async function poll<T>(
  look: () => T | undefined | Promise<T | undefined>,
  options: PollOptions,
): Promise<T> {
  const { what, deadlineMs, everyMs = 50, signal, detail } = options
  const begun = monotonicMs()
  for (;;) {
    signal?.throwIfAborted()
    const seen = await look()
    if (seen !== undefined) return seen
    const waited = monotonicMs() - begun
    if (waited >= deadlineMs) {
      const more = detail?.()
      throw new DeadlineError(`${what}: not within ${inSeconds(deadlineMs)}${more ? `\n${more}` : ''}`)
    }
    await pauseFor(Math.min(everyMs, deadlineMs - waited), signal)
  }
}
