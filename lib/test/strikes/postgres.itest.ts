import { expect } from 'chai'
import { client as messages } from '../../wire/postgres/conversation.helper.ts'
import { eventually, step } from './postgres-raw.helper.ts'
import { bedFor, outcome, PROTOCOLS } from './postgres.helper.ts'

describe('cuts, delays and holds on a real PostgreSQL', () => {
  const bed = bedFor()

  for (const protocol of PROTOCOLS)
    for (const how of ['reset', 'close'] as const)
      describe(`pg_cut by ${how}, ${protocol} protocol`, () => {
        const cutAs = how === 'reset' ? /ECONNRESET/ : /terminated/

        for (const [when, left] of [
          ['before', []],
          ['after', [1]],
        ] as const) {
          it(`${when} the server has had a COMMIT`, async () => {
            const client = await bed().client()
            await bed().arm('pg_cut', { query: '^COMMIT', table: 't', when, how })
            await client.query('BEGIN')
            await client.query('INSERT INTO t VALUES (1)')
            expect(await outcome(client, 'COMMIT', protocol)).to.match(cutAs)
            await bed().sessionsEnd()
            expect(await bed().ids()).to.deep.equal(left)
            await bed().stays(await bed().client())
          })

          it(`${when} the server has had a statement that is a transaction of its own`, async () => {
            const client = await bed().client()
            await bed().arm('pg_cut', { query: '^INSERT', when, how })
            expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.match(cutAs)
            expect(await bed().ids()).to.deep.equal(left)
            await bed().stays(await bed().client())
          })
        }
      })

  describe('pg_cut', () => {
    it('gives the client what was answered before, and nothing of the answer', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_cut', { query: 'SELECT 2', how: 'close' })
      raw.send(messages.query('SELECT 1'), messages.query('SELECT 2'), messages.query('SELECT 3'))
      await raw.until('it has ended', () => raw.ended !== undefined)
      expect(await raw.ready(1)).to.deep.equal([
        'RowDescription',
        'DataRow',
        'CommandComplete SELECT 1',
        'ReadyForQuery I',
      ])
    })

    it('cuts at an answer that is longer than what a lane may have in hand, and without a Sync', async () => {
      const raw = await bed().raw()
      await bed().arm('pg_cut', { query: 'repeat' })
      raw.send(step(`SELECT repeat('x', 2000000) FROM generate_series(1, 8)`), messages.flush())
      await raw.until('it has ended', () => raw.ended === 'RST')
      expect(raw.came.map(({ type }) => type)).to.deep.equal(['ParseComplete', 'BindComplete'])
    })

    it('taken off while the server works, ends the connection: its answer is lost', async () => {
      const client = await bed().client()
      const disarm = await bed().arm('pg_cut', { query: 'pg_sleep' })
      const answer = outcome(client, 'SELECT pg_sleep(0.2)')
      await eventually('it has struck', async () => (await bed().strikes('pg_cut')).messages_struck === 1)
      await disarm()
      expect(await answer).to.match(/terminated|ECONNRESET/)
    })
  })

  for (const protocol of PROTOCOLS)
    describe(`pg_delay, ${protocol} protocol`, () => {
      for (const stream of ['upstream', 'downstream'] as const)
        it(`${stream}, delays one statement by ms ± jitter`, async () => {
          const client = await bed().client()
          await bed().arm('pg_delay', { ms: 150, jitter: 50, query: 'SELECT 1', nth: 2 }, { stream })
          const times: number[] = []
          for (let n = 0; n < 3; n += 1) {
            const begun = performance.now()
            expect(await outcome(client, 'SELECT 1', protocol)).to.equal('SELECT 1')
            times.push(performance.now() - begun)
          }
          expect(times[1]).to.be.within(99, 300)
          expect(Math.max(times[0]!, times[2]!)).to.be.below(95)
          expect((await bed().strikes('pg_delay')).messages_struck).to.equal(1)
          await bed().stays(client)
        })
    })

  describe('pg_hold', () => {
    for (const [how, ms] of [
      ['a time', 150],
      ['its removal', 0],
      ['a change', 0],
      ['the end of its lease', 0],
    ] as const)
      it(`keeps a transaction and its locks open until ${how}`, async () => {
        const [holder, waiter] = [await bed().client(), await bed().client('two')]
        const lease = how === 'the end of its lease' ? { duration: 150 } : {}
        const disarm = await bed().arm('pg_hold', { query: '^COMMIT', ms }, lease)
        await holder.query('BEGIN')
        await holder.query('LOCK TABLE t')
        const commit = outcome(holder, 'COMMIT')
        const waits = outcome(waiter, 'INSERT INTO t VALUES (1)')
        await eventually('the other one waits for the lock', async () =>
          (await bed().left()).some((text) => text.startsWith('RowExclusiveLock t')),
        )
        expect(await bed().left()).to.include('AccessExclusiveLock t')
        if (how === 'its removal') await disarm()
        if (how === 'a change') await bed().change('pg_hold', { query: 'nothing' })
        expect(await commit).to.equal('COMMIT')
        expect(await waits).to.equal('INSERT 1')
        await bed().stays(holder)
        await bed().stays(waiter)
      })

    for (const end of ['FIN', 'RST'] as const)
      it(`ends with its client, by a ${end}`, async () => {
        const raw = await bed().raw()
        await bed().arm('pg_hold', { query: '^INSERT' })
        raw.send(messages.query('BEGIN'), messages.query('INSERT INTO t VALUES (1)'))
        await eventually('its transaction is open', async () =>
          (await bed().left()).some((text) => text.includes('BEGIN')),
        )
        if (end === 'FIN') raw.end()
        else raw.reset()
        await bed().sessionsEnd()
        expect(await bed().ids()).to.deep.equal([])
      })
  })

  describe('which statements are struck', () => {
    it('is counted over links of one group, and told', async () => {
      const [one, two] = [await bed().client(), await bed().client('two')]
      const attributes = { query: '^SELECT', nth: 2, count: 2, group: 'g' }
      await bed().arm('pg_error', attributes)
      await bed().arm('pg_error', attributes, { link: 'two' })
      const outcomes: string[] = []
      for (const client of [one, two, one, two]) outcomes.push(await outcome(client, 'SELECT 1', 'extended'))
      expect(outcomes).to.deep.equal(['SELECT 1', '40001 ERROR', '40001 ERROR', 'SELECT 1'])
      const struck = bed().events.flatMap((event) => (event.kind === 'toxic.struck' ? event.message : []))
      expect(struck).to.deep.equal(['Execute SELECT 1', 'Execute SELECT 1'])
    })

    it('is a matter of chance where it is told so', async () => {
      const client = await bed().client()
      await bed().arm('pg_error', { probability: 50, count: 0 })
      const outcomes: string[] = []
      for (let n = 0; n < 40; n += 1) outcomes.push(await outcome(client, 'SELECT 1'))
      expect(outcomes.filter((text) => text === '40001 ERROR').length).to.be.within(5, 35)
    })

    it('is told by a transaction as its client has said it', async () => {
      const client = await bed().client()
      await bed().arm('pg_error', { query: '^INSERT', transaction: 'FOR UPDATE', count: 0 })
      const outcomes: string[] = []
      for (const text of [
        'BEGIN; SELECT * FROM t FOR UPDATE; COMMIT',
        'INSERT INTO t VALUES (1)',
        'BEGIN',
        'SELECT * FROM t FOR UPDATE',
        'INSERT INTO t VALUES (2)',
        'ROLLBACK',
        'INSERT INTO t VALUES (3)',
      ])
        outcomes.push(await outcome(client, text))
      expect(outcomes.slice(1)).to.deep.equal([
        'INSERT 1',
        'BEGIN',
        'SELECT 1',
        '40001 ERROR',
        'ROLLBACK',
        'INSERT 1',
      ])
      await bed().stays(client)
    })
  })

  it('toxics that come and go under load lose nothing', async () => {
    const clients = await Promise.all([bed().client(), bed().client(), bed().client()])
    const quiet = new AbortController()
    const load = clients.map(async (client, index) => {
      for (let n = 0; !quiet.signal.aborted; n += 1) {
        const value = `${index} ${n} ${'x'.repeat((n * 997) % 30_000)}`
        const { rows } = await client.query<{ said: string }>('SELECT $1::text AS said', [value])
        if (rows[0]?.said !== value) throw new Error(`asked for ${value.slice(0, 20)}`)
      }
    })
    for (let n = 0; n < 300; n += 1) {
      const stream = n % 2 === 0 ? 'upstream' : 'downstream'
      const disarm = await bed().arm(
        'pg_delay',
        { ms: 5, query: n % 3 === 0 ? 'said' : 'never', count: 0 },
        { stream },
      )
      await disarm()
    }
    quiet.abort()
    await Promise.all(load)
    for (const client of clients) await bed().stays(client)
  })

  it('leaves alone a connection that only cancels another one', async () => {
    const client = await bed().client()
    await bed().arm('pg_delay', { query: 'never' })
    const asleep = outcome(client, 'SELECT pg_sleep(20)')
    const direct = await bed().direct()
    await eventually('it sleeps', async () => (await bed().left()).length > 0)
    await bed().cancel(client)
    expect(await asleep).to.equal('57014 ERROR')
    expect((await direct.query('SELECT 1')).rowCount).to.equal(1)
    await bed().stays(client)
  })
})
