import { expect } from 'chai'
import * as fc from 'fast-check'
import { seededRandom, type Random } from '../../util/random.ts'
import { decodeCall, isJudged, outcomeOf, type RpcInput } from './call.ts'
import { FIXTURES } from './fixtures.helper.ts'
import { redactBody } from './redact.ts'

/** How many inputs; millions at night. */
const INPUTS = Number(process.env['CROSSWIND_FUZZ_INPUTS'] ?? 3000)
const SEED = 'rpc'
/** Of the processor, since the machine may be suspended meanwhile. No input is longer than some fixtures together. */
const LONGEST_MS = 1000

const LONGEST_JOURNALED = 4096

/** Everything that can be asked about a message, as text that can be written down. */
function ask(input: RpcInput): string {
  const call = decodeCall(input)
  const journaled = redactBody(input.body, LONGEST_JOURNALED)
  expect(Buffer.byteLength(journaled)).to.be.at.most(LONGEST_JOURNALED)
  return JSON.stringify(
    call && { ...call, args: call.args.all(), judged: isJudged(call), is: outcomeOf(call) },
  )
}

/** What the fixtures are made of, and what breaks parsers. */
const TOKENS = [
  '"',
  '\\',
  '\\"',
  '\\\\\\"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ', ',
  'null',
  '\\u',
  '\\ud800',
  'NaN',
  '__proto__',
]
const PIECES = [
  ...TOKENS,
  '"password": ',
  '\\"auth_token\\": ',
  '"_unique_id": ',
  '\u0000',
  'ü',
  '{"oslo.version": "2.0"',
]

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

/** One change of the bytes, at places that chance chose. */
function mutate(body: Buffer, random: Random): Buffer {
  const place = (): number => Math.floor(random() * (body.length + 1))
  const [begin = 0, end = 0] = [place(), place()].toSorted((a, b) => a - b)
  const [head, middle, tail] = [body.subarray(0, begin), body.subarray(begin, end), body.subarray(end)]
  const other = pick(random, FIXTURES).input.body
  const changes: (() => Buffer[])[] = [
    () => [head, Buffer.from(pick(random, PIECES)), body.subarray(begin)],
    () => [head, body.subarray(Math.min(begin + 1, body.length))],
    () => [head, Buffer.from([Math.floor(random() * 256)]), body.subarray(begin + 1)],
    () => [head, tail],
    () => [head, middle, middle, tail],
    () => [head, other.subarray(Math.min(begin, other.length))],
    () => [head],
  ]
  return Buffer.concat(pick(random, changes)())
}

/** The input of this ordinal, the same in each run. */
function inputOf(ordinal: number): RpcInput {
  const random = seededRandom(SEED, ordinal)
  const { input } = pick(random, FIXTURES)
  let { body } = input
  for (let changes = Math.ceil(random() * 4); changes > 0; changes--) body = mutate(body, random)
  return { ...input, body, truncated: random() < 0.5 }
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '}', ' ', 'ü') }),
)
const word = fc.stringMatching(/^[a-z][a-z_]{0,20}$/)
const said = fc.record({
  method: word,
  args: fc.dictionary(word, anything).map(Object.entries<unknown>),
  context: fc.dictionary(word, anything).map(Object.entries<unknown>),
  uniqueId: fc.uuid(),
})

const input = (body: object): RpcInput => ({
  exchange: 'openstack',
  properties: { correlationId: 'c' },
  body: Buffer.from(JSON.stringify(body)),
  truncated: false,
})

describe('any message', () => {
  it('is decoded to what was said', () => {
    fc.assert(
      fc.property(said, ({ method, args, context, uniqueId }) => {
        const encoded = Object.fromEntries(args.map(([name, value]) => [name, JSON.stringify(value)]))
        const keys = Object.fromEntries(context.map(([name, value]) => [`_context_${name}`, value]))
        const message = JSON.stringify({ method, args: encoded, _unique_id: uniqueId, ...keys })
        const oslo = decodeCall(input({ 'oslo.version': '2.0', 'oslo.message': message }))
        expect(oslo).to.include({ driver: 'oslo', kind: 'cast', method, uniqueId, partial: false })
        const body = {
          rpc_ctx: Object.fromEntries(context),
          rpc_method: method,
          arguments: encoded,
          async: true,
        }
        const kombu = decodeCall(input(body))
        expect(kombu).to.include({ driver: 'kombu', kind: 'cast', method, partial: false })
        const expected = JSON.parse(JSON.stringify(Object.fromEntries(args))) as unknown
        for (const call of [oslo, kombu]) expect(call?.args.all()).to.deep.equal(expected)
      }),
    )
  })

  it('is decoded, or is none, and is redacted', () => {
    const properties = fc.record(
      {
        contentType: fc.constantFrom('application/json', 'application/x-python-serialize'),
        correlationId: fc.string(),
        replyTo: fc.string(),
        type: fc.constantFrom('response', 'error', ''),
        expiration: fc.oneof(fc.string(), fc.nat().map(String)),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
    )
    fc.assert(
      fc.property(fc.string(), properties, body, fc.boolean(), (exchange, properties, body, truncated) => {
        ask({ exchange, properties, body, truncated })
      }),
    )
  })

  it(`is decoded, or is none, and is redacted, when it is one of ${INPUTS} changed ones of Mistral's`, () => {
    let decoded = 0
    for (let ordinal = 0; ordinal < INPUTS; ordinal++) {
      const input = inputOf(ordinal)
      const begun = process.cpuUsage()
      try {
        if (ask(input) !== undefined) decoded++
      } catch (error) {
        throw new Error(`input ${ordinal}: ${input.body.toString('base64')}`, { cause: error })
      }
      const { user, system } = process.cpuUsage(begun)
      expect((user + system) / 1000, `input ${ordinal}`).to.be.below(LONGEST_MS)
    }
    // Otherwise the changes are so coarse that only the first bytes are ever read.
    expect(decoded)
      .to.be.above(INPUTS / 10)
      .and.below(INPUTS)
  }).timeout(2000 + INPUTS)
})
