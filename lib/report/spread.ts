export interface Spread {
  min: number
  median: number
  max: number
  count: number
}

/** undefined: of nothing. */
export function spreadOf(numbers: readonly number[]): Spread | undefined {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return undefined
  const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? min
  const high = sorted[Math.floor(sorted.length / 2)] ?? low
  return { min, median: (low + high) / 2, max, count: sorted.length }
}

/** Seconds: `2.1–8.4 s (median 3.0)`, of one number `2.1 s`. */
export const spreadText = ({ min, median, max, count }: Spread): string =>
  count === 1 ? `${min.toFixed(1)} s` : `${min.toFixed(1)}–${max.toFixed(1)} s (median ${median.toFixed(1)})`
