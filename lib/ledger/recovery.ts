import { ofKind, type ScenarioFacts } from './facts.ts'
import { isTerminal } from './tree.ts'
import type { Recovery } from './verdict-document.ts'

/**
 * Seconds from a fault's end until each of these executions was first read as terminal, so at the resolution of
 * the polling. Executions that were terminal before the fault's end, or never, are left out; null: none is left.
 */
export function recoveryOf(
  facts: ScenarioFacts,
  running: readonly string[],
  endedAt: number,
): Recovery | null {
  const readings = ofKind(facts.judgedEntries, 'database.read')
  const perExecution = Object.fromEntries(
    running.flatMap((id) => {
      const first = readings.find(({ executions }) =>
        executions.some((row) => row.id === id && isTerminal(row)),
      )
      return first && first.at > endedAt ? [[id, Math.round(first.at - endedAt) / 1000]] : []
    }),
  )
  const seconds = Object.values(perExecution).toSorted((a, b) => a - b)
  const [min] = seconds
  const max = seconds.at(-1)
  if (min === undefined || max === undefined) return null
  return { perExecution, min, median: median(seconds), max }
}

/** To the millisecond, as the times that it is of. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? 0
  const high = sorted[Math.floor(middle)] ?? low
  return Math.round((low + high) * 500) / 1000
}
