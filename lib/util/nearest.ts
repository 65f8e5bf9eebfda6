import { distance } from 'fastest-levenshtein'
import { UsageError } from './errors.ts'

/** The up to three valid words that are nearest to a wrong one, nearest first. */
export function nearest(wrong: string, valid: readonly string[]): string[] {
  const ranked = valid.map((word) => ({ word, far: distance(wrong, word) }))
  return ranked
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ word }) => word)
}

/** `unknown suite "contrl"; nearest: control, …` */
export function unknownWord(kind: string, wrong: string, valid: readonly string[]): UsageError {
  const near = nearest(wrong, valid)
  const hint = near.length > 0 ? `; nearest: ${near.join(', ')}` : '; there are none'
  return new UsageError(`unknown ${kind} "${wrong}"${hint}`)
}
