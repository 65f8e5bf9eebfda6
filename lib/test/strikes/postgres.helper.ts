/** What the tests of toxics on a real PostgreSQL share. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { Client, type QueryConfig } from 'pg'
import { toxics } from '../../../toxics/index.ts'
import { startToxiproxy, type RunningToxiproxy } from '../../api/server.ts'
import { DATABASE, startPostgres } from '../../cluster/postgres.ts'
import { DEBIAN_PYTHON, findPrograms } from '../../cluster/programs.ts'
import { layYard, type Yard } from '../../cluster/yard.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import type { AttributeValue, Stream } from '../../toxic.ts'
import { client as messages } from '../../wire/postgres/conversation.helper.ts'
import { eventually, Raw } from './postgres-raw.helper.ts'

const USER = 'postgres'

/** How a statement is sent. */
type Protocol = 'simple' | 'extended'
export const PROTOCOLS: readonly Protocol[] = ['simple', 'extended']

/** A PostgreSQL of our own behind two followed links. */
export class Bed {
  readonly #yard: Yard
  readonly #port: number
  readonly #server: RunningToxiproxy
  readonly events: ProxyEvent[]
  readonly #open: { end(): unknown }[] = []
  #direct: Client | undefined

  constructor(yard: Yard, port: number, server: RunningToxiproxy, events: ProxyEvent[]) {
    this.#yard = yard
    this.#port = port
    this.#server = server
    this.events = events
  }

  /** Past the proxy. */
  async direct(): Promise<Client> {
    return (this.#direct ??= await connected(this.#port))
  }

  async client(link = 'one'): Promise<Client> {
    const client = await connected(this.#portOf(link))
    this.#open.push(client)
    return client
  }

  async raw(link = 'one'): Promise<Raw> {
    const raw = new Raw(connect({ port: this.#portOf(link), host: '127.0.0.1' }))
    this.#open.push(raw)
    raw.send(messages.startup({ user: USER, database: DATABASE }))
    await raw.ready(1)
    return raw
  }

  /** Asks the server, through the proxy, to end what a client waits for. */
  async cancel(client: Client): Promise<void> {
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
    const socket = connect({ port: this.#portOf('one'), host: '127.0.0.1' })
    socket.end(messages.cancel(processID, secretKey)).resume()
    await once(socket, 'close')
  }

  /** @returns what takes it off. */
  async arm(
    type: string,
    attributes: Record<string, AttributeValue> = {},
    options: { stream?: Stream; link?: string; name?: string; duration?: number } = {},
  ): Promise<() => Promise<void>> {
    const { link = 'one', name = type, ...others } = options
    await this.#ask('POST', `/proxies/${link}/toxics`, { type, name, attributes, ...others })
    return async () => {
      await this.#ask('DELETE', `/proxies/${link}/toxics/${name}`)
    }
  }

  async change(type: string, attributes: Record<string, AttributeValue>): Promise<void> {
    await this.#ask('POST', `/proxies/one/toxics/${type}`, { attributes })
  }

  /** Why the server refuses a toxic. */
  async refusal(type: string, attributes: Record<string, AttributeValue>): Promise<string> {
    return this.arm(type, attributes).then(
      () => '',
      (error: Error) => error.message,
    )
  }

  async strikes(name: string): Promise<{ messages_struck?: number; messages_matched?: number }> {
    return (await this.#ask('GET', `/proxies/one/toxics/${name}/evidence`)) as { messages_struck?: number }
  }

  /** Ends all clients and takes off all toxics. */
  async clear(): Promise<void> {
    await this.#ask('POST', '/reset')
    await Promise.all(this.#open.splice(0).map((one) => one.end()))
    this.events.length = 0
  }

  /** Sessions of clients of the proxy, as the server has them, and locks that they hold on tables. */
  async left(): Promise<string[]> {
    const direct = await this.direct()
    const { rows } = await direct.query<{ left: string }>(`
      SELECT state || ' ' || query AS left FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'
      UNION ALL SELECT mode || ' ' || coalesce(relation::regclass::text, locktype) FROM pg_locks
        WHERE pid <> pg_backend_pid() AND locktype IN ('relation', 'transactionid', 'tuple')
          AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend')`)
    return rows.map(({ left }) => left)
  }

  /** A session shows itself idle, and its locks gone, a moment after its client has the answer. */
  async nothingIsLeft(): Promise<void> {
    await eventually('nothing is open on the server', async () => (await this.left()).length === 0)
  }

  async sessions(): Promise<number> {
    const direct = await this.direct()
    const { rows } = await direct.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    )
    return rows[0]?.n ?? 0
  }

  async sessionsEnd(): Promise<void> {
    await eventually('the server has no session left', async () => (await this.sessions()) === 0)
  }

  /** `t` and `u`, empty. */
  async makeTables(): Promise<void> {
    const direct = await this.direct()
    await direct.query(
      'DROP TABLE IF EXISTS t, u; CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int)',
    )
  }

  /** The ids in `t`. */
  async ids(): Promise<number[]> {
    const { rows } = await (await this.direct()).query<{ id: number }>('SELECT id FROM t ORDER BY id')
    return rows.map(({ id }) => id)
  }

  /** A session goes on as if nothing had been, and holds nothing. */
  async stays(client: Client): Promise<void> {
    expect(await isSane(client)).to.equal(true)
    await this.nothingIsLeft()
  }

  /** Whatever was struck: once its clients are gone nothing of them is left. */
  async isLeftClean(): Promise<void> {
    await this.clear()
    await this.sessionsEnd()
    await this.nothingIsLeft()
  }

  async stop(): Promise<void> {
    await this.#direct?.end()
    await this.#server.close()
    await this.#yard.abandon()
  }

  #portOf(link: string): number {
    const listen = this.#server.proxies().find(({ name }) => name === link)?.listen ?? ''
    return Number(listen.split(':')[1])
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.#server.url + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text === '' ? undefined : JSON.parse(text)
  }
}

/** A bed for the tests of a `describe`, each of which begins with empty tables. @returns the bed while they run. */
export function bedFor(): () => Bed {
  let bed: Bed | undefined
  const laid = (): Bed => {
    if (!bed) throw new Error('no PostgreSQL is up')
    return bed
  }
  before(async () => {
    bed = await layBed()
  })
  after(() => bed?.stop())
  beforeEach(() => laid().makeTables())
  afterEach(() => laid().isLeftClean())
  return laid
}

async function layBed(): Promise<Bed> {
  const plan = { name: 'strikes', rpc: 'oslo', python: DEBIAN_PYTHON, urls: {}, onEvent: () => {} } as const
  const yard = layYard(plan, 'none')
  try {
    const { port } = await startPostgres(yard.ground, findPrograms(), yard.launch, 'none', async () => {})
    const events: ProxyEvent[] = []
    const server = await startToxiproxy({
      toxics,
      seed: 'strikes',
      follows: () => true,
      onEvent: (event) => void events.push(event),
    })
    for (const name of ['one', 'two']) {
      const proxy = { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` }
      await fetch(`${server.url}/proxies`, { method: 'POST', body: JSON.stringify(proxy) })
    }
    return new Bed(yard, port, server, events)
  } catch (error) {
    await yard.abandon()
    throw error
  }
}

async function connected(port: number): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, user: USER, database: DATABASE })
  // What becomes of the connection is told by the query that was under way.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** What came of a statement: `INSERT 1`, or `40001 ERROR`, `ECONNRESET`, or why there is no code. */
export async function outcome(
  client: Client,
  text: string,
  protocol: Protocol = 'simple',
  values: unknown[] = [],
): Promise<string> {
  // pg uses the extended protocol for what has a name.
  const query: QueryConfig = protocol === 'simple' ? { text } : { text, name: text.slice(0, 60), values }
  try {
    const { command, rowCount } = await client.query(query)
    return [command, rowCount].filter((part) => part !== null).join(' ')
  } catch (error) {
    const { code, message, severity } = error as { code?: string; message: string; severity?: string }
    return code === undefined ? message : [code, severity].filter(Boolean).join(' ')
  }
}

/** A hundred queries of both protocols are answered as they should be. */
async function isSane(client: Client): Promise<boolean> {
  for (let n = 0; n < 50; n += 1) {
    const simple = await client.query<{ n: number }>(`SELECT ${n} AS n`)
    const extended = await client.query<{ n: number }>('SELECT $1::int AS n', [n])
    if (simple.rows[0]?.n !== n || extended.rows[0]?.n !== n) return false
  }
  return true
}
