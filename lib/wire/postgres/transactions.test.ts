import { expect } from 'chai'
import {
  backend,
  client,
  follow,
  frontend,
  query,
  server,
  startup,
  type Step,
} from './conversation.helper.ts'
import { A, begin, failing, insert, INSERT, inWords, story } from './story.helper.ts'

describe('The transactions of a connection', () => {
  it('are told with their statements, tables, rows and ids', () => {
    const events = follow([
      ...startup(),
      ...begin(),
      ...query('SELECT 1', ['SELECT 1'], 'T'),
      ...insert('T'),
      ...query(`UPDATE t SET state='x' WHERE id = '${A}'`, ['UPDATE 0'], 'T'),
      ...query('COMMIT', ['COMMIT'], 'I'),
    ])
    const empty = { ordinal: 1, implicit: false, statements: 0, touched: [], omittedIds: 0 }
    expect(events).to.deep.equal([
      { kind: 'begun', transaction: empty },
      {
        kind: 'committed',
        transaction: {
          ...empty,
          statements: 3,
          touched: [
            {
              verb: 'INSERT',
              table: 't',
              statements: 1,
              rows: 1,
              columns: [],
              ids: [{ column: 'id', id: A }],
            },
            {
              verb: 'UPDATE',
              table: 't',
              statements: 1,
              rows: 0,
              columns: ['state'],
              ids: [{ column: 'id', id: A }],
            },
          ],
        },
      },
    ])
  })

  it('are counted from 1 on', () => {
    const one = [...begin(), ...query('ROLLBACK', ['ROLLBACK'], 'I')]
    const ordinals = follow([...startup(), ...one, ...insert('I'), ...one]).map(
      (event) => event.transaction.ordinal,
    )
    expect(ordinals).to.deep.equal([1, 1, 2, 3, 3])
  })

  it('fail with the first error and are rolled back, also by a COMMIT', () => {
    const failed = [...begin(), ...failing(INSERT, '40001', 'E'), ...failing('SELECT 1', '25P02', 'E')]
    const expected = ['begun', 'failed 40001 INSERT t 0', 'rolledBack 40001 INSERT t 0']
    expect(story(failed, query('ROLLBACK', ['ROLLBACK'], 'I'))).to.deep.equal(expected)
    expect(story(failed, query('COMMIT', ['ROLLBACK'], 'I'))).to.deep.equal(expected)
  })

  it('fail at their COMMIT', () => {
    expect(story(begin(), insert('T'), failing('COMMIT', '23503', 'I'))).to.deep.equal([
      'begun',
      'failed 23503 INSERT t 1',
      'rolledBack 23503 INSERT t 1',
    ])
  })

  it('go on from a savepoint', () => {
    const steps = [
      begin(),
      query('SAVEPOINT s', ['SAVEPOINT'], 'T'),
      failing(INSERT, '23505', 'E'),
      query('ROLLBACK TO SAVEPOINT s', ['ROLLBACK'], 'T'),
      query('RELEASE SAVEPOINT s', ['RELEASE'], 'T'),
      insert('T'),
    ]
    expect(story(...steps, query('END', ['COMMIT'], 'I'))).to.deep.equal([
      'begun',
      'failed 23505 INSERT t 0',
      'committed INSERT t 1',
    ])
  })

  it('are implicit without a BEGIN, and told if they write', () => {
    expect(story(query('SELECT 1', ['SELECT 1'], 'I'), query('', [], 'I'))).to.deep.equal([])
    expect(story(query('SELECT 1 FROM t FOR UPDATE', ['SELECT 1'], 'I'))).to.deep.equal([])
    expect(story(failing('SELECT x', '42703', 'I'))).to.deep.equal([])
    expect(story(insert('I'))).to.deep.equal(['committed implicit INSERT t 1'])
    expect(story(failing(INSERT, '23505', 'I'))).to.deep.equal([
      'failed implicit 23505 INSERT t 0',
      'rolledBack implicit 23505 INSERT t 0',
    ])
  })

  it('are told of several statements in one query', () => {
    const two = `${INSERT}; DELETE FROM u`
    expect(story(query(two, ['INSERT 0 1', 'DELETE 2'], 'I'))).to.deep.equal([
      'committed implicit INSERT t 1 DELETE u 2',
    ])
    const parts = `${INSERT}; COMMIT; ${INSERT}; BEGIN; ${INSERT}; COMMIT AND CHAIN; ${INSERT}; ROLLBACK`
    const tags = [
      'INSERT 0 1',
      'COMMIT',
      'INSERT 0 1',
      'BEGIN',
      'INSERT 0 1',
      'COMMIT',
      'INSERT 0 1',
      'ROLLBACK',
    ]
    expect(story(query(parts, tags, 'I'))).to.deep.equal([
      'committed implicit INSERT t 1',
      'begun INSERT t 1',
      'committed INSERT t 2',
      'begun',
      'rolledBack INSERT t 1',
    ])
  })

  it('go on after COMMIT AND CHAIN', () => {
    expect(story(begin(), query('COMMIT AND CHAIN', ['COMMIT'], 'T'), insert('T'))).to.deep.equal([
      'begun',
      'committed',
      'begun',
      'ended INSERT t 1',
    ])
  })

  it('name an id once, and count the rows where they were written', () => {
    const move = `WITH d AS (DELETE FROM u WHERE id = '${A}') INSERT INTO t (id) VALUES ('${A}')`
    const events = follow([...startup(), ...begin(), ...insert('T'), ...query(move, ['INSERT 0 5'], 'T')])
    expect(events.map(inWords)).to.deep.equal(['begun', 'ended INSERT t 6 DELETE u 0'])
    expect(events[1]!.transaction.touched.map(({ ids }) => ids.length)).to.deep.equal([1, 1])
  })

  it('may be prepared', () => {
    const prepare = query("PREPARE TRANSACTION 'x'", ['PREPARE TRANSACTION'], 'I')
    expect(story(begin(), insert('T'), prepare)).to.deep.equal(['begun', 'prepared INSERT t 1'])
  })

  it('load rows with COPY', () => {
    const copy = [
      frontend(client.query('COPY t FROM STDIN')),
      backend(server.copyIn()),
      frontend(client.copyData(Buffer.from('1\n')), client.copyDone()),
      backend(server.complete('COPY 1'), server.ready('I')),
    ]
    expect(story(copy, insert('I'))).to.deep.equal([
      'committed implicit COPY t 1',
      'committed implicit INSERT t 1',
    ])
  })
})

/** What is not answered. */
const sent = (...bytes: Buffer[]): Step[] => [frontend(...bytes)]

describe('The end of a connection', () => {
  it('is not told when nothing is open', () => {
    expect(story()).to.deep.equal([])
    expect(story(insert('I'), sent(client.query('SELECT 1'))).slice(1)).to.deep.equal([])
    expect(story(sent(client.query('BEGIN')))).to.deep.equal([])
  })

  it('leaves an open transaction to be rolled back', () => {
    expect(story(begin(), insert('T'))).to.deep.equal(['begun', 'ended INSERT t 1'])
    expect(story(begin(), sent(client.query(INSERT)))).to.deep.equal(['begun', 'ended INSERT t 0'])
    expect(story(begin(), insert('T'), sent(client.query('ROLLBACK')))).to.deep.equal([
      'begun',
      'ended INSERT t 1',
    ])
  })

  it('is ambiguous after a COMMIT without an answer, if it was sent to its last byte', () => {
    const commit = client.query('COMMIT')
    expect(story(begin(), insert('T'), sent(commit))).to.deep.equal(['begun', 'ended ambiguous INSERT t 1'])
    const half = commit.subarray(0, -1)
    expect(story(begin(), insert('T'), sent(half))).to.deep.equal(['begun', 'ended INSERT t 1'])
  })

  it('is not ambiguous if the COMMIT was not handed on to its last byte', () => {
    const commit = frontend(client.query('COMMIT'))
    const steps = [...startup(), ...begin(), ...insert('T'), commit]
    const sent = steps
      .filter(({ side }) => side === 'frontend')
      .reduce((sum, { bytes }) => sum + bytes.length, 0)
    const end = (handedOn: number) => inWords(follow(steps, true, handedOn).at(-1)!)
    expect(end(sent)).to.equal('ended ambiguous INSERT t 1')
    expect(end(sent - 1)).to.equal('ended INSERT t 1')
  })

  it('is not ambiguous if the transaction had failed, or once the COMMIT was answered', () => {
    const commit = sent(client.query('COMMIT'))
    const failed = [...begin(), ...failing(INSERT, '40001', 'E')]
    expect(story(failed, commit).at(-1)).to.equal('ended 40001 INSERT t 0')
    expect(story(begin(), commit, [backend(server.error('40001'))]).at(-1)).to.equal('ended 40001')
    expect(story(begin(), commit, [backend(server.complete('COMMIT'))]).at(-1)).to.equal('committed')
  })

  it('is ambiguous for what was sent and needs no COMMIT', () => {
    expect(story(sent(client.query(INSERT)))).to.deep.equal(['ended implicit ambiguous INSERT t 0'])
    const half = [frontend(client.query(INSERT)), backend(server.complete('INSERT 0 1'))]
    expect(story(half)).to.deep.equal(['committed implicit INSERT t 1'])
    const run = [client.parse(INSERT), client.bind([]), client.execute()]
    expect(story(sent(...run))).to.deep.equal(['ended implicit INSERT t 0'])
    const whole = [frontend(...run, client.sync()), backend(server.bare('12'), server.complete('INSERT 0 1'))]
    expect(story(whole)).to.deep.equal(['ended implicit ambiguous INSERT t 1'])
  })

  it('is not ambiguous while the rows of a COPY are not at their end', () => {
    const copy = [frontend(client.query('COPY t FROM STDIN')), backend(server.copyIn())]
    const rows = client.copyData(Buffer.from('1\n'))
    expect(story(copy, sent(rows))).to.deep.equal(['ended implicit COPY t 0'])
    expect(story(copy, sent(rows, client.copyDone()))).to.deep.equal(['ended implicit ambiguous COPY t 0'])
  })

  it('says with which error the server ended it', () => {
    const dies = [backend(server.error('57P01', 'FATAL'))]
    expect(story(begin(), insert('T'), dies)).to.deep.equal(['begun', 'ended 57P01 INSERT t 1'])
    expect(story(begin(), sent(client.query('COMMIT')), dies)).to.deep.equal([
      'begun',
      'ended 57P01 ambiguous',
    ])
    expect(story(dies)).to.deep.equal([])
  })

  it('tells each transaction of a pipeline', () => {
    const queries = ['BEGIN', INSERT, 'COMMIT', INSERT, 'BEGIN', INSERT].map((sql) => client.query(sql))
    expect(story(sent(...queries))).to.deep.equal([
      'ended ambiguous INSERT t 0',
      'ended implicit ambiguous INSERT t 0',
      'ended INSERT t 0',
    ])
  })
})
