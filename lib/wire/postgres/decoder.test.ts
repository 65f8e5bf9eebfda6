import { expect } from 'chai'
import {
  backend,
  client,
  decode,
  extended,
  frontend,
  int32s,
  message,
  query,
  server,
  startup,
  typesOf,
  type Step,
} from './conversation.helper.ts'
import { PostgresDecoder } from './decoder.ts'
import type { PostgresMessage } from './messages.ts'

const fieldsOf = (messages: PostgresMessage[], type: PostgresMessage['type']): unknown[] =>
  messages.filter((seen) => seen.type === type).map(({ fields }) => fields)

describe('The messages of PostgreSQL', () => {
  it('are read in a simple query, in pipelines too', () => {
    const decoded = decode([
      ...startup(),
      frontend(client.query('SELECT 1'), client.query('BEGIN')),
      backend(
        server.rowDescription('a', 'b'),
        server.row('x', null),
        server.notification(),
        server.complete('SELECT 1'),
        server.ready('I'),
        server.error('25001', 'WARNING', 'N'),
        server.complete('BEGIN'),
        server.ready('T'),
      ),
    ])
    expect(decoded.opaque).to.deep.equal([])
    expect(fieldsOf(decoded.messages, 'Query')).to.deep.equal([{ query: 'SELECT 1' }, { query: 'BEGIN' }])
    expect(decoded.messages.slice(-8).map(({ type, fields }) => [type, fields])).to.deep.equal([
      ['RowDescription', { columns: 2 }],
      ['DataRow', { columns: 2 }],
      ['NotificationResponse', { processId: 4711, channel: 'channel' }],
      ['CommandComplete', { tag: 'SELECT 1' }],
      ['ReadyForQuery', { status: 'I' }],
      ['NoticeResponse', { severity: 'WARNING', code: '25001', message: 'why' }],
      ['CommandComplete', { tag: 'BEGIN' }],
      ['ReadyForQuery', { status: 'T' }],
    ])
  })

  it('are read in an extended query, with and without names', () => {
    const decoded = decode([
      ...startup(),
      frontend(
        client.parse('SELECT $1', 's1'),
        client.bind(['v', null, Buffer.of(0, 1)], { statement: 's1', portal: 'p1' }),
        client.describe({ type: 'P', name: 'p1' }),
        client.execute('p1', 10),
        client.close({ type: 'S', name: 's1' }),
        client.flush(),
        client.functionCall(),
        client.sync(),
        client.end(),
      ),
      backend(server.bare('123nsI'), server.parameterDescription(), server.ready('I')),
    ])
    expect(decoded.opaque).to.deep.equal([])
    expect(decoded.messages.slice(5, 10).map(({ type, fields }) => [type, fields])).to.deep.equal([
      ['Parse', { statement: 's1', query: 'SELECT $1' }],
      ['Bind', { portal: 'p1', statement: 's1', parameters: [Buffer.from('v'), null, Buffer.of(0, 1)] }],
      ['Describe', { target: 'portal', name: 'p1' }],
      ['Execute', { portal: 'p1', maxRows: 10 }],
      ['Close', { target: 'statement', name: 's1' }],
    ])
    expect(typesOf(decoded).slice(10)).to.deep.equal(
      `Flush FunctionCall Sync Terminate ParseComplete BindComplete CloseComplete NoData PortalSuspended
       EmptyQueryResponse ParameterDescription ReadyForQuery`.split(/\s+/),
    )
  })

  it('are read in a COPY, in both directions', () => {
    const decoded = decode([
      ...startup(),
      frontend(client.query('COPY t FROM STDIN')),
      backend(server.copyIn()),
      frontend(client.copyData(Buffer.from('1\n')), client.copyFail('no more'), client.copyDone()),
      backend(server.copyOut(), server.copyData('1\n'), server.copyDone()),
    ])
    expect(decoded.opaque).to.deep.equal([])
    expect(typesOf(decoded, 'frontend').slice(2)).to.deep.equal(['CopyData', 'CopyFail', 'CopyDone'])
    expect(typesOf(decoded, 'backend').slice(-4)).to.deep.equal([
      'CopyInResponse',
      'CopyOutResponse',
      'CopyData',
      'CopyDone',
    ])
  })

  it('have the fields of an error that tell where it is', () => {
    const fields = ['SERROR', 'C23505', 'Mduplicate', 'Dthe key', 'Hnone', 'ttable', 'nconstraint', 'Ffile.c']
    const body = fields.map((one) => Buffer.from(`${one}\0`))
    const { messages } = decode([...startup(), backend(message('E', ...body, Buffer.alloc(1)))])
    expect(messages.at(-1)!.fields).to.deep.equal({
      severity: 'ERROR',
      code: '23505',
      message: 'duplicate',
      detail: 'the key',
      hint: 'none',
      table: 'table',
      constraint: 'constraint',
    })
  })

  it('may be of types that we do not know', () => {
    const decoded = decode([
      ...startup(),
      backend(message('y', Buffer.from('?')), server.authentication(99)),
      frontend(message('y')),
    ])
    expect(decoded.opaque).to.deep.equal([])
    expect(typesOf(decoded).slice(-3)).to.deep.equal(['unknown:y', 'unknown:R', 'unknown:y'])
  })

  it('say where they stand on their lane, and hold their own bytes', () => {
    const steps = [...startup(), ...query('SELECT 1', ['SELECT 1'], 'I'), ...extended('x', ['y'], 'z', 'I')]
    const { messages } = decode(steps)
    for (const side of ['frontend', 'backend'] as const) {
      const lane = Buffer.concat(steps.filter((step) => step.side === side).map(({ bytes }) => bytes))
      let end = 0
      for (const { offset, size, bytes } of messages.filter((seen) => seen.side === side)) {
        expect(offset).to.equal(end)
        end += size
        expect(bytes).to.deep.equal(lane.subarray(offset, end))
      }
      expect(end).to.equal(lane.length)
    }
  })

  it('are views of a chunk in which they lie whole, and copies of one that is not there any more', () => {
    const [hello, answer] = startup() as [Step, Step]
    const whole = decode([hello, answer]).messages
    for (const { bytes, side } of whole) {
      expect(bytes.buffer).to.equal((side === 'frontend' ? hello : answer).bytes.buffer)
    }
    const pieces = [...hello.bytes].map((byte) => ({ side: hello.side, bytes: Buffer.of(byte) }))
    const { messages } = decode(pieces)
    for (const piece of pieces) piece.bytes.fill(0)
    expect(messages[0]!.bytes).to.deep.equal(hello.bytes)
  })
})

/** The last message, of whose body only so much is kept. */
const cut = (steps: Step[], maxBodyBytes = 100): PostgresMessage => {
  const { messages, opaque } = decode([...startup(), ...steps], { maxBodyBytes })
  expect(opaque).to.deep.equal([])
  return messages.at(-1)!
}

describe('A message of PostgreSQL that is longer than the bound', () => {
  it('is passed over, and what was kept of it is read', () => {
    const sql = `INSERT INTO t VALUES ('${'x'.repeat(1000)}')`
    const seen = cut([frontend(client.query(sql))])
    expect(seen).to.deep.include({ type: 'Query', truncated: true, size: 6 + sql.length })
    expect(seen.fields).to.deep.equal({ query: sql.slice(0, 100) })
    expect(seen.bytes).to.have.length(105)
  })

  it('has the parameters of a Bind as far as they were kept', () => {
    const seen = cut([frontend(client.bind(['a', 'b'.repeat(200), 'c']))])
    expect(seen.fields).to.deep.equal({ portal: '', statement: '', parameters: [Buffer.from('a'), null] })
  })

  it('has what was kept of an error, of a row and of rows to copy', () => {
    const long = 'x'.repeat(200)
    const error = message('E', Buffer.from(`SERROR\0C40001\0M${long}\0\0`))
    expect(cut([backend(error)]).fields).to.deep.include({ severity: 'ERROR', code: '40001' })
    expect(cut([backend(server.row('a', long))]).fields).to.deep.equal({ columns: 2 })
    expect(cut([backend(server.copyData(long))]).truncated).to.equal(true)
  })

  it('is followed by the next one', () => {
    const { messages } = decode([...startup(), frontend(client.query('x'.repeat(500)), client.query('y'))], {
      maxBodyBytes: 64,
    })
    expect(messages.slice(-2).map(({ truncated }) => truncated)).to.deep.equal([true, false])
  })

  it('fills no memory, with 2 GiB of it', () => {
    const size = 2 ** 31
    const chunk = Buffer.alloc(2 ** 20)
    const seen: PostgresMessage[] = []
    const decoder = new PostgresDecoder({ onMessage: (one) => seen.push(one) })
    const memory = process.memoryUsage().arrayBuffers
    for (const { side, bytes } of startup()) decoder[side](bytes)
    decoder.backend(Buffer.concat([Buffer.from('d'), int32s(size - 1)]))
    decoder.backend(chunk.subarray(5))
    for (let rest = size - chunk.length; rest > 0; rest -= chunk.length) decoder.backend(chunk)
    expect(process.memoryUsage().arrayBuffers - memory).to.be.below(8 * 2 ** 20)
    expect(seen.at(-1)).to.include({ type: 'CopyData', size, truncated: true })
    decoder.backend(server.ready('I'))
    expect(seen.at(-1)!.type).to.equal('ReadyForQuery')
  })
})
