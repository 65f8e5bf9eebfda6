import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { seededRandom, type Random } from '../../util/random.ts'
import { below, mutatedBytes, mutatedFrames } from './mutate.helper.ts'
import { cut, decode, traces, type Decoded, type Trace } from './trace.helper.ts'

/** The nightly run asks for more. */
const INPUTS = Number(process.env['CROSSWIND_FUZZ_INPUTS'] ?? 3000)
/** Far more than an input takes on a loaded machine. */
const MS_PER_INPUT = 10
const SEED = 'amqp'
const TRACES = 300
const MAX_CHANGES = 4
/** Small, so that small inputs reach them. */
const LIMITS = { maxBodyBytes: 100, maxOpenBytes: 300 }

/** A trace of amqplib's with some changes: of its frames, of its bytes, or of both. */
function input(random: Random, all: readonly Trace[]): Buffer {
  let { frames } = all[below(random, all.length)] as Trace
  const changes = 1 + below(random, MAX_CHANGES)
  const ofFrames = below(random, changes + 1)
  for (let n = 0; n < ofFrames && frames.length > 0; n += 1) frames = mutatedFrames(random, frames)
  let bytes: Buffer = Buffer.concat(frames)
  for (let n = ofFrames; n < changes; n += 1) bytes = mutatedBytes(random, bytes)
  return bytes
}

/** What is wrong with the decoding of so many bytes. */
function wrong({ messages, opaque, decoder }: Decoded, bytes: number): string[] {
  const unfinished = decoder.unfinished()
  const kept = unfinished.reduce((sum, { content }) => sum + (content?.body.length ?? 0), 0)
  const sizes = [...messages, ...unfinished].reduce((sum, { size }) => sum + size, 0)
  const outside = messages.filter(({ offset, end, size }) => size > end - offset || end > bytes)
  const larger = messages.filter(({ content }) => (content?.body.length ?? 0) > LIMITS.maxBodyBytes)
  return [
    ...(opaque.length > 1 || opaque[0] !== decoder.opaque ? [`opaque ${opaque.join(' and ')}`] : []),
    ...(kept > LIMITS.maxOpenBytes ? [`${kept} bytes of open bodies`] : []),
    ...(sizes > bytes ? [`${sizes} bytes in messages`] : []),
    ...outside.map(({ offset, end }) => `a message from ${offset} to ${end}`),
    ...larger.map(({ content }) => `a body of ${content?.body.length} bytes`),
  ]
}

const same = (one: Decoded, other: Decoded): boolean =>
  isDeepStrictEqual(one.messages, other.messages) &&
  isDeepStrictEqual(one.opaque, other.opaque) &&
  isDeepStrictEqual(one.decoder.unfinished(), other.decoder.unfinished())

describe('an AMQP decoder that is given anything', () => {
  it(`never throws, and decodes it the same however it is cut (${INPUTS} inputs)`, function () {
    this.timeout(10_000 + INPUTS * MS_PER_INPUT)
    const all = fc.sample(traces, { seed: 1, numRuns: TRACES })
    const seen = { opaque: 0, malformed: 0, unknown: 0, truncated: 0 }
    for (let n = 0; n < INPUTS; n += 1) {
      const random = seededRandom(SEED, n)
      const bytes = input(random, all)
      const lengths = Array.from({ length: 4 }, () => 1 + below(random, random() < 0.5 ? 9 : 500))
      const atOnce = decode([bytes], LIMITS)
      const inPieces = decode(cut(bytes, lengths), LIMITS)
      const faults = [...wrong(atOnce, bytes.length), ...wrong(inPieces, bytes.length)]
      if (!same(atOnce, inPieces)) faults.push(`other messages when cut into ${lengths.join(', ')}`)
      expect(faults, `input ${n}: ${bytes.toString('hex')}`).to.deep.equal([])

      if (atOnce.opaque.length > 0) seen.opaque += 1
      for (const { method, content } of atOnce.messages) {
        if (method === 'malformed') seen.malformed += 1
        if (method.startsWith('unknown.')) seen.unknown += 1
        if (content?.truncated) seen.truncated += 1
      }
    }
    // The inputs are no good if they do not reach these.
    for (const [what, times] of Object.entries(seen)) expect(times, what).to.be.above(INPUTS / 300)
  })
})
