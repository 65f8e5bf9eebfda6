import { expect } from 'chai'
import * as fc from 'fast-check'
import {
  backend,
  client,
  decode,
  extended,
  frontend,
  query,
  server,
  startup,
  theirs,
  type Decoded,
  type Step,
} from './conversation.helper.ts'
import type { PostgresMessage, Side } from './messages.ts'

const word = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''))
const status = fc.constantFrom('I', 'T', 'E')
const value = fc.option(fc.oneof(word, fc.string({ minLength: 60, maxLength: 300, unit: 'grapheme' })))

/** Parts of conversations that may follow each other in any order. */
const part: fc.Arbitrary<Step[]> = fc.oneof(
  fc.tuple(word, fc.array(word, { maxLength: 3 }), status).map((args) => query(...args)),
  fc.tuple(word, fc.array(value), word, status).map((args) => extended(...args)),
  fc
    .array(fc.array(value, { maxLength: 4 }), { maxLength: 5 })
    .map((rows) => [
      backend(
        server.rowDescription('a'),
        ...rows.map((values) => server.row(...values.map((one) => one?.replaceAll('\0', '') ?? null))),
      ),
    ]),
  fc
    .array(word)
    .map((rows) => [
      frontend(client.query('COPY t FROM STDIN')),
      backend(server.copyIn()),
      frontend(...rows.map((row) => client.copyData(Buffer.from(row))), client.copyDone()),
      backend(server.copyOut(), ...rows.map(server.copyData), server.copyDone()),
    ]),
  word.map((name) => [
    frontend(client.parse('x', name), client.describe({ type: 'S', name }), client.flush()),
    frontend(client.close({ type: 'P', name }), client.functionCall(), client.copyFail(name)),
    backend(server.error('40001'), server.error('01000', 'WARNING', 'N'), server.notification()),
    backend(server.bare('123nsI'), server.parameterDescription()),
  ]),
)

/** Before and after the SSLRequest and the StartupMessage a client waits for the answer. */
const beginning: fc.Arbitrary<Step[]> = fc
  .subarray([client.gssencRequest(), client.requestSsl()])
  .map((requests) => [
    ...requests.flatMap((request) => [frontend(request), backend(Buffer.from('N'))]),
    ...startup(),
  ])

const conversation = fc
  .tuple(beginning, fc.array(part, { maxLength: 6 }))
  .map(([first, parts]) => [...first, ...parts.flat()])

/** The same bytes in pieces of these sizes, taken in turn. */
function cutUp(steps: Step[], sizes: number[]): Step[] {
  const pieces: Step[] = []
  let next = 0
  for (const { side, bytes } of steps) {
    for (let at = 0; at < bytes.length;) {
      const size = sizes[next % sizes.length]!
      next += 1
      pieces.push({ side, bytes: Buffer.from(bytes.subarray(at, at + size)) })
      at += size
    }
  }
  return pieces
}

/** Neighbours of one side joined. */
function joined(steps: Step[]): Step[] {
  const whole: Step[] = []
  for (const { side, bytes } of steps) {
    const last = whole.at(-1)
    if (last?.side === side) last.bytes = Buffer.concat([last.bytes, bytes])
    else whole.push({ side, bytes })
  }
  return whole
}

const laneOf = (steps: Step[], side: Side): Buffer =>
  Buffer.concat(steps.filter((step) => step.side === side).map(({ bytes }) => bytes))

const perSide = ({ messages, opaque }: Decoded): unknown => ({
  frontend: messages.filter(({ side }) => side === 'frontend'),
  backend: messages.filter(({ side }) => side === 'backend'),
  opaque,
})

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
const bounds = fc.constantFrom(16, 100, 2 ** 20)

describe('The decoder of PostgreSQL, on any conversation', () => {
  it('says the same whatever the pieces in which the bytes come', () => {
    fc.assert(
      fc.property(conversation, sizes, bounds, (steps, pieces, maxBodyBytes) => {
        const whole = perSide(decode(joined(steps), { maxBodyBytes }))
        expect(perSide(decode(cutUp(joined(steps), pieces), { maxBodyBytes }))).to.deep.equal(whole)
        expect(whole).to.deep.include({ opaque: [] })
      }),
    )
  })

  it('accounts for every byte', () => {
    fc.assert(
      fc.property(conversation, sizes, (steps, pieces) => {
        const { messages } = decode(cutUp(steps, pieces))
        for (const side of ['frontend', 'backend'] as const) {
          const own = messages.filter((seen) => seen.side === side)
          expect(Buffer.concat(own.map(({ bytes }) => bytes))).to.deep.equal(laneOf(steps, side))
          expect(own.map(({ offset }) => offset)).to.deep.equal(
            own.map((_, index) => own.slice(0, index).reduce((sum, { size }) => sum + size, 0)),
          )
        }
      }),
    )
  })

  it('says of a beginning of it what it says of the whole, as far as that goes', () => {
    fc.assert(
      fc.property(conversation, fc.nat(), (steps, seed) => {
        const pieces = cutUp(steps, [7])
        const some = pieces.slice(0, seed % (pieces.length + 1))
        const { messages } = decode(some)
        expect(messages).to.deep.equal(decode(pieces).messages.slice(0, messages.length))
      }),
    )
  })

  it('says what node-postgres says of the server', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), sizes, (parts, pieces) => {
        const steps = [...startup(), ...parts.flat()]
        const ours = decode(cutUp(steps, pieces)).messages.filter(({ side }) => side === 'backend')
        expect(ours.map(inTheirWords)).to.deep.equal(theirs(laneOf(steps, 'backend')).map(theirWords))
      }),
    )
  })
})

/** Their names, where they differ by more than the first letter. */
const NAMES: Partial<Record<PostgresMessage['type'], string>> = {
  BackendKeyData: 'backendKeyData',
  EmptyQueryResponse: 'emptyQuery',
  ErrorResponse: 'error',
  NoticeResponse: 'notice',
  NotificationResponse: 'notification',
}

function inTheirWords({ type, fields, size }: PostgresMessage): unknown {
  const name = NAMES[type] ?? type.charAt(0).toLowerCase() + type.slice(1)
  const said: Record<string, unknown> = { name, length: size - 1 }
  if (type === 'CommandComplete') said['text'] = fields.tag
  if (type === 'ReadyForQuery') said['status'] = fields.status
  if (type === 'DataRow' || type === 'RowDescription') said['fieldCount'] = fields.columns
  if (type === 'ErrorResponse' || type === 'NoticeResponse') said['code'] = fields.code
  if (type === 'ParameterStatus') said['parameterValue'] = fields.value
  return said
}

function theirWords(theirs: Record<string, unknown>): unknown {
  const said: Record<string, unknown> = {}
  for (const key of ['name', 'length', 'text', 'status', 'fieldCount', 'code', 'parameterValue']) {
    if (theirs[key] !== undefined) said[key] = theirs[key]
  }
  return said
}
