import { expect } from 'chai'
import { backend, client, extended, follow, frontend, query, server, startup } from './conversation.helper.ts'
import { A, begin, insert, INSERT, inWords, story } from './story.helper.ts'

describe('The transactions of the extended protocol', () => {
  it('have the ids among the parameters, of unnamed and of named statements', () => {
    const update = 'UPDATE t SET a = $2 WHERE id = $1'
    const events = follow([
      ...startup(),
      ...extended(update, [A, 'x'], 'UPDATE 1', 'I'),
      frontend(client.parse(update, 's'), client.sync()),
      backend(server.bare('1'), server.ready('I')),
      frontend(client.bind([A, 'x'], { statement: 's', portal: 'p' }), client.execute('p'), client.sync()),
      backend(server.bare('2'), server.complete('UPDATE 1'), server.ready('I')),
    ])
    expect(events.map(inWords)).to.deep.equal(Array(2).fill('committed implicit UPDATE t 1'))
    for (const { transaction } of events) {
      expect(transaction.touched[0]!.ids).to.deep.equal([{ column: 'id', id: A }])
    }
  })

  it('last until the Sync', () => {
    const run = [client.parse(INSERT), client.bind([]), client.execute()]
    const done = [server.bare('12'), server.complete('INSERT 0 1')]
    const steps = [
      frontend(...run, ...run, client.sync(), ...run, ...run, client.sync()),
      backend(...done, ...done, server.ready('I'), ...done, server.error('23505'), server.ready('I')),
    ]
    expect(story(steps)).to.deep.equal([
      'committed implicit INSERT t 2',
      'failed implicit 23505 INSERT t 1',
      'rolledBack implicit 23505 INSERT t 1',
    ])
  })

  it('are begun and committed like others', () => {
    const steps = [
      extended('BEGIN', [], 'BEGIN', 'T'),
      extended(INSERT, [], 'INSERT 0 1', 'T'),
      extended('COMMIT', [], 'COMMIT', 'I'),
    ]
    expect(story(...steps)).to.deep.equal(['begun', 'committed INSERT t 1'])
  })

  it('may take the rows of a statement in parts', () => {
    const steps = [
      frontend(
        client.parse('SELECT 1 FROM t FOR UPDATE'),
        client.bind([]),
        client.execute('', 1),
        client.flush(),
      ),
      backend(server.bare('12s')),
      frontend(client.execute('', 1), client.sync()),
      backend(server.complete('SELECT 2'), server.ready('T')),
    ]
    expect(story(begin(), steps, query('COMMIT', ['COMMIT'], 'I'))).to.deep.equal([
      'begun',
      'committed SELECT FOR UPDATE t 2',
    ])
  })

  it('have a COPY, in which a server ignores a Sync', () => {
    const steps = [
      frontend(client.parse('COPY t FROM STDIN'), client.bind([]), client.execute(), client.sync()),
      backend(server.bare('12'), server.copyIn()),
      frontend(client.copyData(Buffer.from('1\n')), client.copyDone(), client.sync()),
      backend(server.complete('COPY 1'), server.ready('I')),
    ]
    expect(story(steps, insert('I'))).to.deep.equal([
      'committed implicit COPY t 1',
      'committed implicit INSERT t 1',
    ])
  })

  it('tell by its tag what a statement did that is not known', () => {
    const steps = [
      frontend(client.bind([], { statement: 'long ago' }), client.execute(), client.sync()),
      backend(server.bare('2'), server.complete('UPDATE 3'), server.ready('I')),
    ]
    expect(story(steps)).to.deep.equal(['committed implicit UPDATE  3'])
  })
})
