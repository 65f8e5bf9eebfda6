import { stripVTControlCharacters } from 'node:util'

/** How many tests passed, failed and were skipped. */
export interface Tally {
  passed: number
  failed: number
  skipped: number
}

export const addTallies = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
  failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
  skipped: tallies.reduce((sum, tally) => sum + tally.skipped, 0),
})

/** The line that the last line of every run has: `12 passed, 0 failed, 1 skipped`. */
export const tallyLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/**
 * What mocha's closing lines say, or undefined where there are none (it crashed, or found no test).
 * A test may print a run of mocha of its own: the last closing lines count.
 */
export function mochaTally(output: string): Tally | undefined {
  const plain = stripVTControlCharacters(output)
  const closing = [...plain.matchAll(/^ *(\d+) passing \(/gm)].at(-1)
  if (closing === undefined) return undefined
  const rest = plain.slice(closing.index)
  const count = (word: string): number => Number(new RegExp(`^ *(\\d+) ${word}$`, 'm').exec(rest)?.[1] ?? 0)
  return { passed: Number(closing[1]), failed: count('failing'), skipped: count('pending') }
}

/**
 * The tally of a part that ended with an exit code (null: by a signal, or it never ran).
 * One that ends badly has failed at least once, whatever it counted, and so has one that should have counted and did not.
 */
export function judge(code: number | null, counted: Tally | 'counts itself once' | undefined): Tally {
  const failedOnce = { passed: 0, failed: 1, skipped: 0 }
  if (counted === undefined) return failedOnce
  if (counted === 'counts itself once') return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : failedOnce
  return code === 0 || counted.failed > 0 ? counted : { ...counted, failed: 1 }
}
