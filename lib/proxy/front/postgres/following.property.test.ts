import { expect } from 'chai'
import * as fc from 'fast-check'
import {
  backend,
  client,
  extended,
  frontend,
  query,
  server,
  startup,
  type Step,
} from '../../../wire/postgres/conversation.helper.ts'
import { Following, whole } from './following.helper.ts'

const word = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\0', ''))
const status = fc.constantFrom('I', 'T', 'E')
const long = fc.integer({ min: 2 ** 20 - 20, max: 2 ** 20 + 20 }).map((length) => 'x'.repeat(length))

const part: fc.Arbitrary<Step[]> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(word, fc.array(word, { maxLength: 3 }), status).map((args) => query(...args)),
  },
  { weight: 1, arbitrary: fc.tuple(long, status).map(([sql, to]) => query(sql, ['SELECT 1'], to)) },
  { weight: 1, arbitrary: long.map((value) => [backend(server.rowDescription('a'), server.row(value))]) },
  { weight: 9, arbitrary: fc.tuple(word, fc.array(word), word, status).map((args) => extended(...args)) },
  {
    weight: 3,
    arbitrary: fc
      .array(word)
      .map((rows) => [
        frontend(client.query('COPY t FROM STDIN')),
        backend(server.copyIn()),
        frontend(...rows.map((row) => client.copyData(Buffer.from(row))), client.copyDone()),
        backend(server.complete('COPY 1'), server.ready('I')),
      ]),
  },
  {
    weight: 9,
    arbitrary: word.map((name) => [
      frontend(client.parse('x', name), client.describe({ type: 'S', name }), client.flush()),
      frontend(
        client.close({ type: 'P', name }),
        client.functionCall(),
        client.copyFail(name),
        client.sync(),
      ),
      backend(server.error('40001'), server.error('01000', 'WARNING', 'N'), server.notification()),
      backend(server.bare('123nsI'), server.parameterDescription(), server.ready('I')),
    ]),
  },
)

const beginning: fc.Arbitrary<Step[]> = fc
  .subarray([client.gssencRequest(), client.requestSsl()])
  .map((requests) => [
    ...requests.flatMap((request) => [frontend(request), backend(Buffer.from('N'))]),
    ...startup(),
  ])

const conversation = fc
  .tuple(beginning, fc.array(part, { maxLength: 6 }))
  .map(([first, parts]) => [...first, ...parts.flat()])

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(2 ** 16)), {
  minLength: 1,
  maxLength: 12,
})
/** Whether a toxic acts on messages, piece by piece. */
const wants = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })

function run(steps: Step[], sizesInTurn: number[], wanted: boolean[]): Following {
  const it = new Following()
  let next = 0
  for (const { side, bytes } of steps)
    for (let at = 0; at < bytes.length;) {
      // Long ones are cut in few pieces: one byte each would take minutes.
      const size = sizesInTurn[next % sizesInTurn.length]! * (bytes.length > 2 ** 19 ? 2 ** 10 : 1)
      it.front.want(wanted[next % wanted.length]!, false)
      it.arrives({ side, bytes: bytes.subarray(at, at + size) })
      at += size
      next += 1
    }
  it.ends()
  return it
}

const told = ({ units }: Following): unknown[] =>
  units.map(({ unit }) => [unit.message.type, unit.query, unit.opens, unit.until])

describe('a connection to PostgreSQL whose messages are followed', () => {
  it('goes on as it came, whatever its pieces and whenever toxics act on messages', () => {
    fc.assert(
      fc.property(conversation, sizes, wants, (steps, pieces, wanted) => {
        const it = run(steps, pieces, wanted)
        expect(it.opaque).to.deep.equal([])
        expect(whole(it.went)).to.deep.equal(whole(it.came))
        expect(whole(it.tapped)).to.deep.equal(whole(it.came))
      }),
    )
  })

  it('goes on as it came, also where it is not PostgreSQL any more', () => {
    const garbage = fc
      .tuple(fc.constantFrom(frontend, backend), fc.uint8Array({ minLength: 1, maxLength: 30 }))
      .map(([side, bytes]) => [side(Buffer.from(bytes))])
    const broken = fc
      .tuple(conversation, fc.array(fc.oneof(garbage, part), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([first, rest, tls]) => [
        ...(tls ? [frontend(client.requestSsl()), backend(Buffer.from('S'))] : first),
        ...rest.flat(),
      ])
    fc.assert(
      fc.property(broken, sizes, wants, (steps, pieces, wanted) => {
        const it = run(steps, pieces, wanted)
        expect(whole(it.went)).to.deep.equal(whole(it.came))
        expect(whole(it.tapped)).to.deep.equal(whole(it.came))
      }),
    )
  })

  it('is cut into the same messages, whatever its pieces', () => {
    fc.assert(
      fc.property(conversation, sizes, (steps, pieces) => {
        expect(told(run(steps, pieces, [true]))).to.deep.equal(told(run(steps, [2 ** 24], [true])))
      }),
    )
  })
})
