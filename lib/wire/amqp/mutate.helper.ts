import type { Random } from '../../util/random.ts'

/** A whole number from 0 on, below the limit. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)] as T

/** Octets that mean something somewhere: frame types, the frame end, extremes of lengths, letters of field types. */
const OCTETS = [0, 1, 2, 3, 8, 60, 0xce, 0x7f, 0x80, 0xff, ...Buffer.from('AFSTxl')]

/** Some of the bytes, more often few of them. */
function part(random: Random, bytes: Buffer): Buffer {
  const at = below(random, bytes.length)
  return bytes.subarray(at, at + below(random, random() < 0.8 ? 16 : bytes.length))
}

/** The bytes with others in the place of `length` of them. */
const spliced = (bytes: Buffer, at: number, length: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])

/** Changes a bit or an octet, loses, doubles or inserts some, or cuts the end off. */
export function mutatedBytes(random: Random, bytes: Buffer): Buffer {
  const at = below(random, bytes.length)
  const octet = bytes[at] ?? 0
  switch (below(random, 6)) {
    case 0:
      return spliced(bytes, at, 1, Buffer.from([octet ^ (1 << below(random, 8))]))
    case 1:
      return spliced(bytes, at, 1, Buffer.from([oneOf(random, OCTETS)]))
    case 2:
      return spliced(bytes, at, part(random, bytes).length, Buffer.alloc(0))
    case 3:
      return spliced(bytes, at, 0, part(random, bytes))
    case 4:
      return spliced(
        bytes,
        at,
        0,
        Buffer.from(Array.from({ length: below(random, 9) }, () => below(random, 256))),
      )
    default:
      return bytes.subarray(0, at)
  }
}

/** Loses, doubles or moves a frame, or changes what is in it, so that the frames stay sound. */
export function mutatedFrames(random: Random, frames: readonly Buffer[]): Buffer[] {
  const at = below(random, frames.length)
  const frame = oneOf(random, frames)
  switch (below(random, 4)) {
    case 0:
      return frames.toSpliced(at, 1)
    case 1:
      return frames.toSpliced(at, 0, frame)
    case 2:
      return frames.toSpliced(at, 1, frame)
    default:
      return frames.toSpliced(at, 1, withMutatedPayload(random, frames[at] ?? frame))
  }
}

const PAYLOAD_AT = 7

function withMutatedPayload(random: Random, frame: Buffer): Buffer {
  const payload = mutatedBytes(random, frame.subarray(PAYLOAD_AT, -1))
  const head = Buffer.from(frame.subarray(0, PAYLOAD_AT))
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, frame.subarray(-1)])
}
