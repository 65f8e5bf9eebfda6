import { createHash } from 'node:crypto'

/** A source of numbers in [0, 1), the same for the same seed and identity. */
export type Random = () => number

/**
 * The numbers that belong to one seed and one stable identity (a link, an ordinal, a toxic's name), so that
 * a decision never depends on which other decisions were taken before it.
 */
export function seededRandom(seed: string, ...identity: (string | number)[]): Random {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...identity]))
    .digest()
  let a = digest.readUInt32LE(0)
  let b = digest.readUInt32LE(4)
  let c = digest.readUInt32LE(8)
  let d = digest.readUInt32LE(12)
  // sfc32, a small fast counting generator (PractRand's author's, public domain).
  return () => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return (t >>> 0) / 2 ** 32
  }
}
