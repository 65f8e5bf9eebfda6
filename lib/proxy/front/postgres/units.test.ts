import { expect } from 'chai'
import { POSTGRES_MATCH } from '../../../toxic/postgres.ts'
import type { PostgresUnit } from '../../../toxic/units.ts'
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
import { cutting, type Following } from './following.helper.ts'
import { matchPostgres, type PostgresMatch } from './match.ts'

/** Messages of a session, `!` where one opens its statement or its answer: `Query SELECT 1 !`. */
const told = ({ units }: Following): string[] =>
  units
    .filter(({ unit }) => !/^(?:Auth|Param|Backend)/.test(unit.message.type))
    .slice(1)
    .map(({ unit }) => [unit.message.type, unit.query ?? '-', unit.opens ? '!' : ''].join(' ').trim())

const session = (...steps: Step[][]): string[] => told(cutting(startup(), ...steps))

/** A row of a portal, and how that ends. */
const part = (answer: Buffer): Step[] => [
  frontend(client.execute('p', 1), client.flush()),
  backend(server.row('1'), answer),
]

const one = (sql: string): Buffer[] => [client.parse(sql), client.bind([]), client.execute()]

describe('what the messages of PostgreSQL are about', () => {
  it('is, of a query and all that answers it, its text', () => {
    expect(
      session([
        frontend(client.query('SELECT 1')),
        backend(server.rowDescription('a'), server.row('1'), server.complete('SELECT 1'), server.ready('I')),
      ]),
    ).to.deep.equal([
      'Query SELECT 1 !',
      'RowDescription SELECT 1 !',
      'DataRow SELECT 1',
      'CommandComplete SELECT 1',
      'ReadyForQuery SELECT 1',
    ])
  })

  it('is, of an Execute, what its portal was bound to, and what that was prepared as', () => {
    expect(
      session([
        frontend(client.parse('UPDATE t', 's'), client.sync()),
        backend(server.bare('1'), server.ready('I')),
        frontend(
          client.bind([], { statement: 's', portal: 'p' }),
          client.describe({ type: 'P', name: 'p' }),
          client.execute('p'),
          client.sync(),
        ),
        backend(server.bare('2n'), server.complete('UPDATE 1'), server.ready('I')),
        frontend(client.bind([], { statement: 'other' }), client.execute(), client.sync()),
      ]),
    ).to.deep.equal([
      'Parse UPDATE t',
      'Sync -',
      'ParseComplete UPDATE t',
      'ReadyForQuery -',
      'Bind UPDATE t',
      'Describe UPDATE t',
      'Execute UPDATE t !',
      'Sync -',
      'BindComplete UPDATE t',
      'NoData UPDATE t',
      'CommandComplete UPDATE t !',
      'ReadyForQuery -',
      'Bind -',
      'Execute - !',
      'Sync -',
    ])
  })

  it('is one statement, where its rows are asked for in parts', () => {
    const said = session(
      [frontend(client.parse('SELECT 1'), client.bind([], { portal: 'p' }))],
      [backend(server.bare('12'))],
      part(server.bare('s')),
      part(server.complete('SELECT 1')),
    )
    expect(said.filter((text) => text.endsWith('!'))).to.deep.equal([
      'Execute SELECT 1 !',
      'DataRow SELECT 1 !',
    ])
  })

  it('is told of each of those that were sent together, also behind one that failed', () => {
    expect(
      session([
        frontend(...one('A'), ...one('B'), ...one('C'), client.sync(), client.query('D')),
        backend(server.bare('12'), server.complete('A'), server.bare('12'), server.error('23505')),
        backend(server.ready('I'), server.complete('D'), server.ready('I')),
      ]).slice(-7),
    ).to.deep.equal([
      'CommandComplete A !',
      'ParseComplete B',
      'BindComplete B',
      'ErrorResponse B !',
      'ReadyForQuery -',
      'CommandComplete D !',
      'ReadyForQuery D',
    ])
  })

  it('goes on behind a COPY whose Syncs the server has ignored', () => {
    expect(
      session(
        [
          frontend(client.parse('COPY t FROM STDIN'), client.bind([]), client.execute(), client.sync()),
          backend(server.bare('12'), server.copyIn()),
          frontend(client.copyData(Buffer.from('1\n')), client.copyDone(), client.sync()),
          backend(server.complete('COPY 1'), server.ready('I')),
        ],
        query('SELECT 1', ['SELECT 1'], 'I'),
      ).slice(-5),
    ).to.deep.equal([
      'CommandComplete COPY t FROM STDIN',
      'ReadyForQuery -',
      'Query SELECT 1 !',
      'CommandComplete SELECT 1 !',
      'ReadyForQuery SELECT 1',
    ])
  })

  it('says nothing of a notice or a notification', () => {
    expect(
      session([
        frontend(client.query('SELECT 1')),
        backend(server.error('01000', 'WARNING', 'N'), server.notification(), server.complete('SELECT 1')),
      ]).slice(1),
    ).to.deep.equal(['NoticeResponse -', 'NotificationResponse -', 'CommandComplete SELECT 1 !'])
  })
})

const defaults = Object.fromEntries(
  Object.entries(POSTGRES_MATCH).map(([name, attribute]) => [name, attribute.default]),
) as PostgresMatch

/** A statement and the transaction's status behind it. */
type Sends = (sql: string, status: string) => Step[]

const simple: Sends = (sql, status) => query(sql, ['OK'], status)
const prepared: Sends = (sql, status) => extended(sql, [], 'OK', status)

/** The statements, `BEGIN T` with the status behind each, that match on either lane. */
function matching(match: Partial<PostgresMatch>, statements: string[], sends: Sends): string[] {
  const steps = statements.map((text) => sends(text.slice(0, -2), text.at(-1)!))
  const { units } = cutting(startup(), ...steps)
  const matched = (which: string) =>
    units
      .filter(
        ({ stream, unit }) =>
          stream === which && matchPostgres(unit, { ...defaults, ...match }) === 'matches',
      )
      .map(({ unit }: { unit: PostgresUnit }) => unit.query ?? '')
  expect(matched('downstream')).to.deep.equal(matched('upstream'))
  return matched('upstream')
}

for (const [how, sends] of [
  ['simple', simple],
  ['extended', prepared],
] as const)
  describe(`a statement of the ${how} protocol`, () => {
    const statements = [
      'INSERT INTO other VALUES (0) I',
      'BEGIN T',
      'SELECT * FROM mine JOIN yours ON true T',
      'UPDATE locks SET a = 1 T',
      'SAVEPOINT one T',
      'DELETE FROM undone T',
      'ROLLBACK TO SAVEPOINT one T',
      'COMMIT I',
      'begin T',
      'INSERT INTO second VALUES (1) T',
      'commit I',
    ]
    const whole = (match: Partial<PostgresMatch>) => matching(match, statements, sends)

    it('is found by its text, whatever its case', () => {
      expect(whole({ query: '^COMMIT' })).to.deep.equal(['COMMIT', 'commit'])
      expect(whole({ query: String.raw`VALUES \(\d\)$` })).to.have.length(2)
    })

    it('is found by a table that it reads or writes, a COMMIT by those that were written', () => {
      expect(whole({ table: 'mine' })).to.deep.equal(['SELECT * FROM mine JOIN yours ON true'])
      expect(whole({ table: 'your*' })).to.have.length(1)
      expect(whole({ table: 'locks' })).to.deep.equal(['UPDATE locks SET a = 1', 'COMMIT'])
      expect(whole({ table: 'undone' })).to.deep.equal(['DELETE FROM undone'])
      expect(whole({ table: 'second', query: 'commit' })).to.deep.equal(['commit'])
      expect(whole({ table: 'other', query: 'commit' })).to.deep.equal([])
    })

    it('is found by what its transaction has said before', () => {
      expect(whole({ transaction: '^update locks' })).to.deep.equal(
        statements.slice(4, 8).map((text) => text.slice(0, -2)),
      )
      expect(whole({ transaction: 'second' })).to.deep.equal(['commit'])
      expect(whole({ transaction: 'other' })).to.deep.equal([])
    })
  })

describe('a statement that was sent with others', () => {
  it('is in the transaction that it will be in', () => {
    const texts = [
      'INSERT INTO a VALUES (1)',
      'BEGIN',
      'INSERT INTO b VALUES (1)',
      'COMMIT',
      'SELECT 1',
      'COMMIT',
    ]
    const { units } = cutting(startup(), [frontend(...texts.map((text) => client.query(text)))])
    const matched = (match: Partial<PostgresMatch>) =>
      units.flatMap(({ unit }, index) =>
        matchPostgres(unit, { ...defaults, ...match }) === 'matches'
          ? [index - units.length + texts.length]
          : [],
      )
    expect(matched({ query: 'commit', table: 'b' })).to.deep.equal([3])
    expect(matched({ transaction: 'insert' })).to.deep.equal([3])
  })

  it('cannot be told about where nobody saw what it was prepared as', () => {
    const { units } = cutting(startup(), [frontend(client.bind([], { statement: 'x' }), client.execute())])
    const decide = (match: Partial<PostgresMatch>) =>
      matchPostgres(units.at(-1)!.unit, { ...defaults, ...match })
    expect(decide({ query: 'x' })).to.equal('undecided')
    expect(decide({ table: 'x' })).to.equal('undecided')
    expect(decide({})).to.equal('matches')
  })
})
