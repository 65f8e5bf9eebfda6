import { expect } from 'chai'
import { poll } from '../../util/poll.ts'
import { client as messages } from '../../wire/postgres/conversation.helper.ts'
import { isSane, layBed, outcome, PROTOCOLS, step, type Bed } from './postgres.helper.ts'

describe('toxics on a real PostgreSQL', () => {
  let bed: Bed

  before(async () => {
    bed = await layBed()
  })

  after(() => bed.stop())

  beforeEach(async () => {
    const direct = await bed.direct()
    await direct.query(
      'DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY); DROP TABLE IF EXISTS u; CREATE TABLE u (id int)',
    )
  })

  afterEach(async () => {
    // Whatever was struck: once its clients are gone nothing of them is left.
    await bed.clear()
    await poll(async () => (await bed.sessions()) === 0 || undefined, {
      what: 'the server has no session left',
      deadlineMs: 5000,
      everyMs: 5,
    })
    expect(await bed.left()).to.deep.equal([])
  })

  const ids = async (): Promise<number[]> => {
    const { rows } = await (await bed.direct()).query<{ id: number }>('SELECT id FROM t ORDER BY id')
    return rows.map(({ id }) => id)
  }

  /** It goes on as if nothing had been, and holds nothing. */
  async function stays(client: Awaited<ReturnType<Bed['client']>>): Promise<void> {
    expect(await isSane(client)).to.equal(true)
    expect(await bed.left()).to.deep.equal([])
  }

  for (const protocol of PROTOCOLS)
    describe(`pg_error, ${protocol} protocol`, () => {
      it('answers a statement, which the server never had', async () => {
        const client = await bed.client()
        await bed.arm('pg_error', { query: '^INSERT' })
        expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.equal('40001 ERROR')
        expect(await outcome(client, 'INSERT INTO t VALUES (2)', protocol)).to.equal('INSERT 1')
        expect(await ids()).to.deep.equal([2])
        await stays(client)
      })

      it('fails the transaction of the statement, on the server too', async () => {
        const client = await bed.client()
        await bed.arm('pg_error', { table: 'u', sqlstate: '40P01' })
        await client.query('BEGIN')
        expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.equal('INSERT 1')
        expect(await outcome(client, 'INSERT INTO u VALUES (1)', protocol)).to.equal('40P01 ERROR')
        expect(await outcome(client, 'SELECT 1', protocol)).to.equal('25P02 ERROR')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('ROLLBACK')
        expect(await ids()).to.deep.equal([])
        await stays(client)
      })

      it('leaves what was done before a savepoint', async () => {
        const client = await bed.client()
        await bed.arm('pg_error', { query: String.raw`VALUES \(2\)` })
        await client.query('BEGIN')
        await client.query('INSERT INTO t VALUES (1)')
        await client.query('SAVEPOINT s')
        expect(await outcome(client, 'INSERT INTO t VALUES (2)', protocol)).to.equal('40001 ERROR')
        expect(await outcome(client, 'ROLLBACK TO SAVEPOINT s', protocol)).to.equal('ROLLBACK')
        expect(await outcome(client, 'INSERT INTO t VALUES (3)', protocol)).to.equal('INSERT 1')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('COMMIT')
        expect(await ids()).to.deep.equal([1, 3])
        await stays(client)
      })

      it('fails a COMMIT as a server does: rolled back, and idle', async () => {
        const client = await bed.client()
        await bed.arm('pg_error', { query: '^COMMIT', table: 't', message: 'no luck' })
        for (const [id, answer] of [
          [1, '40001 ERROR'],
          [2, 'COMMIT'],
        ] as const) {
          await client.query('BEGIN')
          await client.query(`INSERT INTO t VALUES (${id})`)
          expect(await outcome(client, 'COMMIT', protocol)).to.equal(answer)
          expect(await bed.left()).to.deep.equal([])
        }
        expect(await ids()).to.deep.equal([2])
        await stays(client)
      })

      it('fails a COMMIT in a transaction that has failed, and one without a transaction', async () => {
        const client = await bed.client()
        await bed.arm('pg_error', { query: '^COMMIT', count: 0 })
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('40001 ERROR')
        await client.query('BEGIN')
        expect(await outcome(client, 'nonsense')).to.equal('42601 ERROR')
        expect(await outcome(client, 'COMMIT', protocol)).to.equal('40001 ERROR')
        expect((await bed.strikes('pg_error')).messages_struck).to.equal(2)
        await stays(client)
      })

      for (const sqlstate of ['57P01', '53300', '08006'])
        it(`ends the session with ${sqlstate}, on both sides`, async () => {
          const client = await bed.client()
          await bed.arm('pg_error', { query: '^UPDATE', sqlstate })
          await client.query('BEGIN')
          await client.query('INSERT INTO t VALUES (1)')
          expect(await outcome(client, 'UPDATE t SET id = 2', protocol)).to.equal(`${sqlstate} FATAL`)
          await poll(async () => (await bed.sessions()) === 0 || undefined, {
            what: 'the server has ended the session',
            deadlineMs: 5000,
            everyMs: 5,
          })
          expect(await outcome(client, 'SELECT 1')).to.match(/not queryable|terminated/)
          expect(await ids()).to.deep.equal([])
          await stays(await bed.client())
        })
    })

  describe('pg_error', () => {
    it('tells the text that it is given, or the one that PostgreSQL has for it', async () => {
      const client = await bed.client()
      const told = (): Promise<unknown> =>
        client.query('SELECT 1').then(
          () => 'nothing',
          (error: Error) => error.message,
        )
      let disarm = await bed.arm('pg_error', { sqlstate: '40P01' })
      expect(await told()).to.equal('deadlock detected')
      await disarm()
      disarm = await bed.arm('pg_error', { sqlstate: 'XX123', message: 'strange' })
      expect(await told()).to.equal('strange')
      await disarm()
      expect(await told()).to.equal('nothing')
      expect(await bed.refusal('pg_error', { sqlstate: '4000' })).to.match(/sqlstate/)
      await stays(client)
    })

    it('fails one of several that were sent together, and what follows it up to the Sync', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_error', { query: String.raw`VALUES \(2\)` })
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
        ...['ParseComplete', 'BindComplete', 'CommandComplete INSERT 0 1'],
        ...['ParseComplete', 'BindComplete', 'ErrorResponse 40001', 'ReadyForQuery I'],
        ...['ParseComplete', 'BindComplete', 'CommandComplete INSERT 0 1', 'ReadyForQuery I'],
        ...['RowDescription', 'DataRow', 'CommandComplete SELECT 1', 'ReadyForQuery I'],
      ])
      expect(await ids()).to.deep.equal([4])
      expect(await bed.left()).to.deep.equal([])
    })

    it('fails a COMMIT in the midst of others, and nothing behind it is done', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_error', { query: '^COMMIT', transaction: '^INSERT' })
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
        ...['CommandComplete BEGIN', 'CommandComplete INSERT 0 1', 'ErrorResponse 40001', 'ReadyForQuery I'],
        ...['CommandComplete BEGIN', 'CommandComplete COMMIT', 'ReadyForQuery I'],
      ])
      expect(came.filter((text) => text === 'ParseComplete')).to.have.length(5)
      expect(await ids()).to.deep.equal([])
      expect(await bed.left()).to.deep.equal([])
    })

    it('tells what was done before a session ends, and nothing behind it', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_error', { query: String.raw`VALUES \(2\)`, sqlstate: '57P01' })
      raw.send(
        step('INSERT INTO t VALUES (1)'),
        messages.sync(),
        step('INSERT INTO t VALUES (2)'),
        messages.sync(),
      )
      raw.send(messages.query('INSERT INTO t VALUES (3)'))
      await raw.until('it has ended', () => raw.ended !== undefined)
      expect((await raw.ready(1)).slice(2)).to.deep.equal([
        ...['CommandComplete INSERT 0 1', 'ReadyForQuery I'],
        ...['ParseComplete', 'BindComplete', 'ErrorResponse 57P01'],
      ])
      expect(await ids()).to.deep.equal([1])
    })

    it('fails a text of several statements as a whole, and a COPY before its rows', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_error', { count: 2 })
      raw.send(messages.query('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)'))
      expect(await raw.ready(1)).to.deep.equal(['ErrorResponse 40001', 'ReadyForQuery I'])
      raw.send(messages.query('COPY t FROM STDIN'))
      expect(await raw.ready(1)).to.deep.equal(['ErrorResponse 40001', 'ReadyForQuery I'])
      raw.send(messages.query('COPY t FROM STDIN'))
      await raw.until('the server awaits rows', () => raw.came.some(({ type }) => type === 'CopyInResponse'))
      raw.send(messages.copyData(Buffer.from('7\n')), messages.copyDone())
      expect(await raw.ready(1)).to.include('CommandComplete COPY 1')
      expect(await ids()).to.deep.equal([7])
    })
  })

  for (const protocol of PROTOCOLS)
    for (const how of ['reset', 'close'] as const)
      describe(`pg_cut by ${how}, ${protocol} protocol`, () => {
        const cutAs = how === 'reset' ? /ECONNRESET/ : /terminated/

        for (const [when, left] of [
          ['before', []],
          ['after', [1]],
        ] as const) {
          it(`${when} the server has had a COMMIT`, async () => {
            const client = await bed.client()
            await bed.arm('pg_cut', { query: '^COMMIT', table: 't', when, how })
            await client.query('BEGIN')
            await client.query('INSERT INTO t VALUES (1)')
            expect(await outcome(client, 'COMMIT', protocol)).to.match(cutAs)
            await poll(async () => (await bed.sessions()) === 0 || undefined, {
              what: 'the server has seen the end',
              deadlineMs: 5000,
              everyMs: 5,
            })
            expect(await ids()).to.deep.equal(left)
            await stays(await bed.client())
          })

          it(`${when} the server has had a statement that is a transaction of its own`, async () => {
            const client = await bed.client()
            await bed.arm('pg_cut', { query: '^INSERT', when, how })
            expect(await outcome(client, 'INSERT INTO t VALUES (1)', protocol)).to.match(cutAs)
            expect(await ids()).to.deep.equal(left)
            await stays(await bed.client())
          })
        }
      })

  describe('pg_cut', () => {
    it('gives the client what was answered before, and nothing of the answer', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_cut', { query: 'SELECT 2', how: 'close' })
      raw.send(messages.query('SELECT 1'), messages.query('SELECT 2'), messages.query('SELECT 3'))
      await raw.until('it has ended', () => raw.ended !== undefined)
      expect(await raw.ready(1)).to.deep.equal([
        ...['RowDescription', 'DataRow', 'CommandComplete SELECT 1', 'ReadyForQuery I'],
      ])
    })

    it('cuts at an answer that is longer than what a lane may have in hand, and without a Sync', async () => {
      const raw = await bed.raw()
      await bed.arm('pg_cut', { query: 'repeat' })
      raw.send(step(`SELECT repeat('x', 2000000) FROM generate_series(1, 8)`), messages.flush())
      await raw.until('it has ended', () => raw.ended === 'RST')
      expect(raw.came.map(({ type }) => type)).to.deep.equal(['ParseComplete', 'BindComplete'])
    })

    it('taken off while the server works, ends the connection: its answer is lost', async () => {
      const client = await bed.client()
      const disarm = await bed.arm('pg_cut', { query: 'pg_sleep' })
      const answer = outcome(client, 'SELECT pg_sleep(0.2)')
      await poll(async () => (await bed.strikes('pg_cut')).messages_struck === 1 || undefined, {
        what: 'it has struck',
        deadlineMs: 5000,
        everyMs: 1,
      })
      await disarm()
      expect(await answer).to.match(/terminated|ECONNRESET/)
    })
  })

  for (const protocol of PROTOCOLS)
    describe(`pg_delay, ${protocol} protocol`, () => {
      for (const stream of ['upstream', 'downstream'] as const)
        it(`${stream}, delays one statement by ms ± jitter`, async () => {
          const client = await bed.client()
          await bed.arm('pg_delay', { ms: 150, jitter: 50, query: 'SELECT 1', nth: 2 }, { stream })
          const times: number[] = []
          for (let n = 0; n < 3; n += 1) {
            const begun = performance.now()
            expect(await outcome(client, 'SELECT 1', protocol)).to.equal('SELECT 1')
            times.push(performance.now() - begun)
          }
          expect(times[1]).to.be.within(99, 300)
          expect(Math.max(times[0]!, times[2]!)).to.be.below(95)
          expect((await bed.strikes('pg_delay')).messages_struck).to.equal(1)
          await stays(client)
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
        const [holder, waiter] = [await bed.client(), await bed.client('two')]
        const lease = how === 'the end of its lease' ? { duration: 150 } : {}
        const disarm = await bed.arm('pg_hold', { query: '^COMMIT', ms }, lease)
        await holder.query('BEGIN')
        await holder.query('LOCK TABLE t')
        const commit = outcome(holder, 'COMMIT')
        const waits = outcome(waiter, 'INSERT INTO t VALUES (1)')
        await poll(
          async () => (await bed.left()).some((text) => text.startsWith('RowExclusiveLock t')) || undefined,
          {
            what: 'the other one waits for the lock',
            deadlineMs: 5000,
            everyMs: 1,
          },
        )
        expect(await bed.left()).to.include('AccessExclusiveLock t')
        if (how === 'its removal') await disarm()
        if (how === 'a change') await bed.change('pg_hold', { query: 'nothing' })
        expect(await commit).to.equal('COMMIT')
        expect(await waits).to.equal('INSERT 1')
        await stays(holder)
        await stays(waiter)
      })

    for (const end of ['FIN', 'RST'] as const)
      it(`ends with its client, by a ${end}`, async () => {
        const raw = await bed.raw()
        await bed.arm('pg_hold', { query: '^INSERT' })
        raw.send(messages.query('BEGIN'), messages.query('INSERT INTO t VALUES (1)'))
        await poll(async () => (await bed.left()).some((text) => text.includes('BEGIN')) || undefined, {
          what: 'its transaction is open',
          deadlineMs: 5000,
          everyMs: 1,
        })
        if (end === 'FIN') raw.end()
        else raw.reset()
        await poll(async () => (await bed.sessions()) === 0 || undefined, {
          what: 'the server has ended the session',
          deadlineMs: 5000,
          everyMs: 5,
        })
        expect(await ids()).to.deep.equal([])
      })
  })

  describe('which statements are struck', () => {
    it('is counted over links of one group, and told', async () => {
      const [one, two] = [await bed.client(), await bed.client('two')]
      const attributes = { query: '^SELECT', nth: 2, count: 2, group: 'g' }
      await bed.arm('pg_error', attributes)
      await bed.arm('pg_error', attributes, { link: 'two' })
      const outcomes: string[] = []
      for (const client of [one, two, one, two]) outcomes.push(await outcome(client, 'SELECT 1', 'extended'))
      expect(outcomes).to.deep.equal(['SELECT 1', '40001 ERROR', '40001 ERROR', 'SELECT 1'])
      const struck = bed.events.flatMap((event) => (event.kind === 'toxic.struck' ? event.message : []))
      expect(struck).to.deep.equal(['Execute SELECT 1', 'Execute SELECT 1'])
    })

    it('is a matter of chance where it is told so', async () => {
      const client = await bed.client()
      await bed.arm('pg_error', { probability: 50, count: 0 })
      const outcomes: string[] = []
      for (let n = 0; n < 40; n += 1) outcomes.push(await outcome(client, 'SELECT 1'))
      expect(outcomes.filter((text) => text === '40001 ERROR').length).to.be.within(5, 35)
    })

    it('is told by a transaction as its client has said it', async () => {
      const client = await bed.client()
      await bed.arm('pg_error', { query: '^INSERT', transaction: 'FOR UPDATE', count: 0 })
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
      await stays(client)
    })
  })

  it('toxics that come and go under load lose nothing', async () => {
    const clients = await Promise.all([bed.client(), bed.client(), bed.client()])
    let busy = true
    const load = clients.map(async (client, index) => {
      for (let n = 0; busy; n += 1) {
        const value = `${index} ${n} ${'x'.repeat((n * 997) % 30_000)}`
        const { rows } = await client.query<{ said: string }>('SELECT $1::text AS said', [value])
        if (rows[0]?.said !== value) throw new Error(`asked for ${value.slice(0, 20)}`)
      }
    })
    for (let n = 0; n < 300; n += 1) {
      const stream = n % 2 === 0 ? 'upstream' : 'downstream'
      const disarm = await bed.arm(
        'pg_delay',
        { ms: 5, query: n % 3 === 0 ? 'said' : 'never', count: 0 },
        { stream },
      )
      await disarm()
    }
    busy = false
    await Promise.all(load)
    for (const client of clients) await stays(client)
  })

  it('leaves alone a connection that only cancels another one', async () => {
    const client = await bed.client()
    await bed.arm('pg_delay', { query: 'never' })
    const asleep = outcome(client, 'SELECT pg_sleep(20)')
    const direct = await bed.direct()
    await poll(async () => (await bed.left()).length > 0 || undefined, {
      what: 'it sleeps',
      deadlineMs: 5000,
      everyMs: 1,
    })
    await bed.cancel(client)
    expect(await asleep).to.equal('57014 ERROR')
    expect((await direct.query('SELECT 1')).rowCount).to.equal(1)
    await stays(client)
  })
})
