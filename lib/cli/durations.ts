import { InvalidArgumentError } from 'commander'

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * `500ms`, `10s`, `1.5s`, `2m`, `1h` in milliseconds; undefined if the text is none of these. A number without a
 * unit is none: it would be seconds to some and milliseconds to others.
 */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const factor = UNITS_MS[unit ?? '']
  return factor === undefined ? undefined : Math.round(Number(number) * factor)
}

/** The same for commander, as the length of a fault: at least 1 ms. */
export function durationOption(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1)
    throw new InvalidArgumentError('It must be a duration with its unit: 500ms, 10s, 2m.')
  return ms
}

/** The same for a fault that has a length already: `ever` is 0, which takes that away. */
export const newDurationOption = (text: string): number => (text === 'ever' ? 0 : durationOption(text))

/** As people read a time that passes: `3.2 s`, `45 s`, `12 min`, `3 h 20 min`. */
export function passedTime(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
