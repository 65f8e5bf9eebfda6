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
import { A, begin, insert, INSERT, story } from './story.helper.ts'

/** An unnamed statement of the extended protocol, without its Sync. */
const run = (sql: string): Buffer => Buffer.concat([client.parse(sql), client.bind([]), client.execute()])
const inserted = (times: number): Buffer[] => Array(times).fill(server.complete('INSERT 0 1'))

/** Prepares one statement and runs the one named `s`. */
const prepare = (name: string): Step[] => [
  frontend(client.parse(INSERT, name), client.bind([], { statement: 's' }), client.execute(), client.sync()),
  backend(server.bare('12'), ...inserted(1), server.ready('I')),
]

/** Another uuid for each number. */
const ids = (n: number): string => n.toString(16).padStart(8, '0') + A.slice(8)

describe('The memory of transactions', () => {
  it('is bounded, whatever one does', () => {
    const writes = Array.from({ length: 2000 }, (_, n) =>
      query(`UPDATE t${n % 150} SET c${n} = '${ids(n)}' WHERE id = '${ids(n)}'`, ['UPDATE 1'], 'T'),
    )
    const [, committed] = follow([
      ...startup(),
      ...begin(),
      ...writes.flat(),
      ...query('COMMIT', ['COMMIT'], 'I'),
    ])
    const { statements, touched, omittedIds } = committed!.transaction
    expect(statements).to.equal(2000)
    expect(touched).to.have.length(101)
    expect(touched.at(-1)).to.include({ verb: 'UPDATE', table: '', statements: 650, rows: 650 })
    expect(touched.flatMap((one) => one.ids)).to.have.length(300)
    expect(omittedIds).to.equal(3700)
    for (const { columns } of touched) expect(columns.length).to.be.at.most(64)
  })

  it('is bounded for what waits for an answer, and the order is kept', () => {
    const count = 3000
    const asked = Array.from({ length: count }, () => client.query(INSERT))
    const answered = Array.from({ length: count }, () => [server.complete('INSERT 0 1'), server.ready('I')])
    const words = story([frontend(...asked), backend(...answered.flat())], insert('I'))
    expect(words).to.have.length(count + 1)
    expect(new Set(words)).to.deep.equal(
      new Set(['committed implicit INSERT t 1', 'committed implicit INSERT  1']),
    )
    expect(words.at(-1)).to.equal('committed implicit INSERT t 1')
  })

  it('is bounded for the statements of one request', () => {
    const run = [client.parse(INSERT), client.bind([]), client.execute()]
    const asked = Array.from({ length: 1000 }, () => run).flat()
    const answered = Array.from({ length: 1000 }, () => server.complete('INSERT 0 1'))
    const steps = [frontend(...asked, client.sync()), backend(...answered, server.ready('I'))]
    expect(story(steps, insert('I'))).to.deep.equal([
      'committed implicit INSERT t 256 INSERT  744',
      'committed implicit INSERT t 1',
    ])
    expect(story([frontend(...asked, client.sync())])).to.deep.equal(['ended implicit ambiguous INSERT t 0'])
  })

  it('keeps the order when there is room again in the middle of a request', () => {
    const steps = [
      frontend(...Array(300).fill(run(INSERT))),
      backend(...inserted(100)),
      frontend(run('DELETE FROM u'), client.sync()),
      backend(...inserted(200), server.complete('DELETE 1'), server.ready('I')),
    ]
    expect(story(steps)).to.deep.equal(['committed implicit INSERT t 256 INSERT  44 DELETE  1'])
  })

  it('keeps the order when there is room again behind many requests', () => {
    const answer = Buffer.concat([...inserted(1), server.ready('I')])
    const steps = [
      frontend(...Array(1030).fill(client.query(INSERT))),
      backend(...Array(10).fill(answer)),
      frontend(client.query('DELETE FROM u')),
      backend(...Array(1020).fill(answer)),
      backend(server.complete('DELETE 1'), server.ready('I')),
    ]
    const words = story(steps, insert('I'))
    expect(words).to.not.include('committed implicit DELETE u 0')
    expect(words.slice(-3)).to.deep.equal([
      'committed implicit INSERT  1',
      'committed implicit DELETE  1',
      'committed implicit INSERT t 1',
    ])
  })

  it('knows again what is sent after a request that began when there was no room', () => {
    const steps = [
      frontend(...Array(1024).fill(client.query('SELECT 1')), run(INSERT)),
      backend(...Array(1024).fill(server.ready('I')), ...inserted(1)),
      frontend(client.sync()),
      backend(server.ready('I')),
    ]
    expect(story(steps, insert('I'))).to.deep.equal([
      'committed implicit INSERT  1',
      'committed implicit INSERT t 1',
    ])
  })

  it('has room again after requests that failed before their end', () => {
    const steps = Array.from({ length: 300 }, () => [
      frontend(client.query('SELECT x; SELECT 2')),
      backend(server.error('42703'), server.ready('I')),
    ])
    expect(story(...steps, insert('I'))).to.deep.equal(['committed implicit INSERT t 1'])
  })

  it('takes it that a COMMIT may be among what was not remembered', () => {
    const steps = [frontend(...Array(300).fill(run(INSERT)), run('COMMIT'))]
    expect(story(begin(), steps)).to.deep.equal(['begun', 'ended ambiguous INSERT t 0'])
  })

  it('keeps the statements that are used, of those that were prepared', () => {
    const names = Array.from({ length: 600 }, (_, n) => `s${n}`)
    const words = story(...['s', ...names].map(prepare))
    expect(new Set(words)).to.deep.equal(new Set(['committed implicit INSERT t 1']))
  })
})
