import { expect } from 'chai'
import * as fc from 'fast-check'
import type { Fact } from './entries.ts'
import { writeMembers } from './entry-text.ts'
import { TextWriter } from './text-writer.ts'

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.stringMatching(/^[\w.-]{0,300}$/),
  fc.nat(3000).map((length) => 'x"'.repeat(length)),
  fc.constantFrom('', 'a"b', 'a\\b', 'a\nb', 'ü', '\u007f', '\u2028', '\ud800'),
)
const number = fc.oneof(
  fc.nat(),
  fc.nat(120),
  fc.integer(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true }),
  fc.constantFrom(NaN, Infinity, -0, 2 ** 31 - 1, 2 ** 31),
)
const bool = fc.boolean()
const yes = fc.constant(true as const)

/** Members in the order of their types, and of those that may be missing any choice. */
const members = <T extends object>(
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
  optional: readonly (keyof T)[],
) =>
  fc.record(model, {
    requiredKeys: (Object.keys(model) as (keyof T)[]).filter((key) => !optional.includes(key)),
    noNullPrototype: true,
  })

const call = members(
  {
    driver: fc.constantFrom('oslo', 'kombu'),
    kind: fc.constantFrom('call', 'cast', 'fanout', 'request', 'reply'),
    method: name,
    judged: bool,
    identity: name,
    msgId: name,
    replyTo: name,
    workflow: name,
    task: name,
    action: name,
    actions: fc.array(name),
    timeoutMs: number,
    failed: bool,
  },
  ['msgId', 'replyTo', 'workflow', 'task', 'action', 'actions', 'timeoutMs', 'failed'],
)
const place = { link: name, connection: number, channel: number, tag: number }
const where = { until: number, inserted: yes }
const published = members(
  {
    kind: fc.constant('message.published'),
    ...place,
    exchange: name,
    routingKey: name,
    mandatory: yes,
    expirationMs: number,
    size: number,
    ...where,
    call,
    body: name,
  },
  ['mandatory', 'expirationMs', 'until', 'inserted', 'call', 'body'],
)
const delivered = members(
  {
    kind: fc.constant('message.delivered'),
    ...place,
    queue: name,
    noAck: yes,
    redelivered: bool,
    exchange: name,
    routingKey: name,
    size: number,
    ...where,
    call,
  },
  ['queue', 'noAck', 'until', 'inserted', 'call'],
)
const confirmed = members(
  { kind: fc.constant('message.confirmed'), ...place, multiple: bool, nack: bool, ...where },
  ['until', 'inserted'],
)
const acked = members(
  {
    kind: fc.constant('message.acked'),
    ...place,
    multiple: bool,
    how: fc.constantFrom('ack', 'nack', 'reject'),
    requeue: bool,
    ...where,
  },
  ['until', 'inserted'],
)

const text = new TextWriter()

function textOf(fact: Fact): string {
  writeMembers(fact, text.begin().raw('{'))
  const written = text.raw('}').written.toString()
  text.end()
  const taken = Buffer.concat(text.take()).toString()
  expect(taken).to.equal(written)
  return written
}

describe('the text of a journal entry', () => {
  it('is what JSON.stringify makes of the fact', () => {
    fc.assert(
      fc.property(fc.oneof(published, delivered, confirmed, acked), (fact) => {
        expect(textOf(fact)).to.equal(JSON.stringify(fact))
      }),
      { numRuns: 1000 },
    )
  })

  it('is so for the kinds that are not written by hand', () => {
    const fact: Fact = { kind: 'harness.failed', text: 'a "b"' }
    expect(textOf(fact)).to.equal(JSON.stringify(fact))
  })
})
