import { expect } from 'chai'
import { client as messages } from '../../wire/postgres/conversation.helper.ts'
import { step } from './postgres-raw.helper.ts'
import { bedFor, outcome, PROTOCOLS } from './postgres.helper.ts'

describe('errors on a real PostgreSQL', () => {
  const bed = bedFor()

  for (const protocol of PROTOCOLS)
    describe(`pg_error, ${protocol} protocol`, () => {
      it('answers a statement, which the server never had', async () => {
        const client = await bed().client()
        await bed().arm('pg_error', { query: '^INSERT' })
        expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.equal('40001 ERROR')
        expect(await outcome(client, 'INSERT INTO t VALUES (2)', protocol)).to.equal('INSERT 1')
        expect(await bed().ids()).to.deep.equal([2])
        await bed().stays(client)
      })

      it('fails the transaction of the statement, on the server too', async () => {
        const client = await bed().client()
        await bed().arm('pg_error', { table: 'u', sqlstate: '40P01' })
        await client.query('BEGIN')
        expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.equal('INSERT 1')
        expect(await outcome(client, 'INSERT INTO u VALUES (1)', protocol)).to.equal('40P01 ERROR')
        expect(await outcome(client, 'SELECT 1', protocol)).to.equal('25P02 ERROR')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('ROLLBACK')
        expect(await bed().ids()).to.deep.equal([])
        await bed().stays(client)
      })

      it('leaves what was done before a savepoint', async () => {
        const client = await bed().client()
        await bed().arm('pg_error', { query: String.raw`VALUES \(2\)` })
        await client.query('BEGIN')
        await client.query('INSERT INTO t VALUES (1)')
        await client.query('SAVEPOINT s')
        expect(await outcome(client, 'INSERT INTO t VALUES (2)', protocol)).to.equal('40001 ERROR')
        expect(await outcome(client, 'ROLLBACK TO SAVEPOINT s', protocol)).to.equal('ROLLBACK')
        expect(await outcome(client, 'INSERT INTO t VALUES (3)', protocol)).to.equal('INSERT 1')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('COMMIT')
        expect(await bed().ids()).to.deep.equal([1, 3])
        await bed().stays(client)
      })

      it('fails a COMMIT as a server does: rolled back, and idle', async () => {
        const client = await bed().client()
        await bed().arm('pg_error', { query: '^COMMIT', table: 't', message: 'no luck' })
        for (const [id, answer] of [
          [1, '40001 ERROR'],
          [2, 'COMMIT'],
        ] as const) {
          await client.query('BEGIN')
          await client.query(`INSERT INTO t VALUES (${id})`)
          expect(await outcome(client, 'COMMIT', protocol)).to.equal(answer)
          await bed().nothingIsLeft()
        }
        expect(await bed().ids()).to.deep.equal([2])
        await bed().stays(client)
      })

      it('fails a COMMIT in a transaction that has failed, and one without a transaction', async () => {
        const client = await bed().client()
        await bed().arm('pg_error', { query: '^COMMIT', count: 0 })
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('40001 ERROR')
        await client.query('BEGIN')
        expect(await outcome(client, 'nonsense')).to.equal('42601 ERROR')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('40001 ERROR')
        expect((await bed().strikes('pg_error')).messages_struck).to.equal(2)
        await bed().stays(client)
      })

      for (const sqlstate of ['57P01', '53300', '08006'])
        it(`ends the session with ${sqlstate}, on both sides`, async () => {
          const client = await bed().client()
          await bed().arm('pg_error', { query: '^UPDATE', sqlstate })
          await client.query('BEGIN')
          await client.query('INSERT INTO t VALUES (1)')
          expect(await outcome(client, 'UPDATE t SET id = 2', protocol)).to.equal(`${sqlstate} FATAL`)
          await bed().sessionsEnd()
          expect(await outcome(client, 'SELECT 1')).to.match(/not queryable|terminated/)
          expect(await bed().ids()).to.deep.equal([])
          await bed().stays(await bed().client())
        })
    })

  describe('pg_error', () => {
    it('tells the text that it is given, or the one that PostgreSQL has for it', async () => {
      const client = await bed().client()
      const told = (): Promise<unknown> =>
        client.query('SELECT 1').then(
          () => 'nothing',
          (error: Error) => error.message,
        )
      let disarm = await bed().arm('pg_error', { sqlstate: '40P01' })
      expect(await told()).to.equal('deadlock detected')
      await disarm()
      disarm = await bed().arm('pg_error', { sqlstate: 'XX123', message: 'strange' })
      expect(await told()).to.equal('strange')
      await disarm()
      expect(await told()).to.equal('nothing')
      expect(await bed().refusal('pg_error', { sqlstate: '4000' })).to.match(/sqlstate/)
      await bed().stays(client)
    })

    it('fails one of several that were sent together, and what follows it up to the Sync', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_error', { query: String.raw`VALUES \(2\)` })
      raw.send(
        step('INSERT INTO t VALUES (1)'),
        step('INSERT INTO t VALUES (2)'),
        step('INSERT INTO t VALUES (3)'),
      )
      raw.send(
        messages.sync(),
        step('INSERT INTO t VALUES (4)'),
        messages.sync(),
        messages.query('SELECT id FROM t'),
      )
      expect(await raw.ready(3)).to.deep.equal([
        'ParseComplete',
        'BindComplete',
        'CommandComplete INSERT 0 1',
        'ParseComplete',
        'BindComplete',
        'ErrorResponse 40001',
        'ReadyForQuery I',
        'ParseComplete',
        'BindComplete',
        'CommandComplete INSERT 0 1',
        'ReadyForQuery I',
        'RowDescription',
        'DataRow',
        'CommandComplete SELECT 1',
        'ReadyForQuery I',
      ])
      expect(await bed().ids()).to.deep.equal([4])
      await bed().nothingIsLeft()
    })

    it('fails a COMMIT in the midst of others, and nothing behind it is done', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_error', { query: '^COMMIT', transaction: '^INSERT' })
      raw.send(
        step('BEGIN'),
        step('INSERT INTO t VALUES (1)'),
        step('COMMIT'),
        step('INSERT INTO t VALUES (2)'),
        messages.sync(),
      )
      raw.send(step('BEGIN'), step('COMMIT'), messages.sync())
      const came = await raw.ready(2)
      expect(came.filter((text) => !/^(?:Parse|Bind)/.test(text))).to.deep.equal([
        'CommandComplete BEGIN',
        'CommandComplete INSERT 0 1',
        'ErrorResponse 40001',
        'ReadyForQuery I',
        'CommandComplete BEGIN',
        'CommandComplete COMMIT',
        'ReadyForQuery I',
      ])
      expect(came.filter((text) => text === 'ParseComplete')).to.have.length(5)
      expect(await bed().ids()).to.deep.equal([])
      await bed().nothingIsLeft()
    })

    it('tells what was done before a session ends, and nothing behind it', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_error', { query: String.raw`VALUES \(2\)`, sqlstate: '57P01' })
      raw.send(
        step('INSERT INTO t VALUES (1)'),
        messages.sync(),
        step('INSERT INTO t VALUES (2)'),
        messages.sync(),
      )
      raw.send(messages.query('INSERT INTO t VALUES (3)'))
      await raw.until('it has ended', () => raw.ended !== undefined)
      expect((await raw.ready(1)).slice(2)).to.deep.equal([
        'CommandComplete INSERT 0 1',
        'ReadyForQuery I',
        'ParseComplete',
        'BindComplete',
        'ErrorResponse 57P01',
      ])
      expect(await bed().ids()).to.deep.equal([1])
    })

    it('fails a text of several statements as a whole, and a COPY before its rows', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_error', { count: 2 })
      raw.send(messages.query('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)'))
      expect(await raw.ready(1)).to.deep.equal(['ErrorResponse 40001', 'ReadyForQuery I'])
      raw.send(messages.query('COPY t FROM STDIN'))
      expect(await raw.ready(1)).to.deep.equal(['ErrorResponse 40001', 'ReadyForQuery I'])
      raw.send(messages.query('COPY t FROM STDIN'))
      await raw.until('the server awaits rows', () => raw.came.some(({ type }) => type === 'CopyInResponse'))
      raw.send(messages.copyData(Buffer.from('7\n')), messages.copyDone())
      expect(await raw.ready(1)).to.include('CommandComplete COPY 1')
      expect(await bed().ids()).to.deep.equal([7])
    })
  })
})
