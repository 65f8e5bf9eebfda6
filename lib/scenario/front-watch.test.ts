import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import type { LinkEvidence } from '../ledger/fault-entries.ts'
import { dial, TestServer, until, type Peer } from '../proxy/rig.helper.ts'
import { freePort } from '../util/ports.ts'
import { poll } from '../util/poll.ts'
import { toxics } from '../../toxics/index.ts'
import type { Watched, WatchedFault } from './link-evidence.ts'
import { watchLinks } from './link-watch.ts'
import { ToxiproxyApi } from './toxiproxy.ts'

const LINK = 'engine-1.rabbitmq'

/** A Toxiproxy that stands in front, at a URL. */
interface Front extends AsyncDisposable {
  url: string
}

/** Ours serves: what it knows of its own strikes is not looked at. */
const embedded = (): Promise<Front> => startToxiproxy({ toxics, seed: 'front' })

async function real(program: string): Promise<Front> {
  const port = await freePort()
  const server = spawn(program, ['-port', `${port}`, '-proxy-metrics'], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const look = () => new ToxiproxyApi(url).version().catch(() => undefined)
  await poll(look, { what: 'Toxiproxy answers', deadlineMs: 5000 })
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.kill()
      await once(server, 'exit')
    },
  }
}

/** The program of a real Toxiproxy, where there is one to try with. */
const { TOXIPROXY_SERVER: program } = process.env
const FRONTS: Record<string, () => Promise<Front>> = {
  'ours in its place': embedded,
  ...(program === undefined ? {} : { 'a real Toxiproxy': () => real(program) }),
}

const toxic = (
  type: string,
  attributes: Record<string, number>,
  more: Partial<NonNullable<WatchedFault['toxic']>> = {},
): WatchedFault => ({
  what: 'toxic',
  toxic: { type, attributes, streams: ['upstream', 'downstream'], toxicity: 1, ...more },
})

for (const [name, open] of Object.entries(FRONTS))
  describe(`What is told of a fault of a Toxiproxy that stands in front (${name})`, () => {
    let front: Front
    let tap: RunningToxiproxy
    let server: TestServer
    let session: Watched
    let client: Peer
    let service: Peer

    beforeEach(async () => {
      server = await new TestServer().listen()
      tap = await startToxiproxy({ toxics, seed: 'tap' })
      front = await open()
      const faults = new ToxiproxyApi(front.url)
      const behind = await new ToxiproxyApi(tap.url).createProxy(LINK, server.address)
      const listen = await faults.createProxy(LINK, behind)
      session = { tap, faults, fronted: true }
      client = (await dial(listen)).read()
      service = (await server.peer(0)).read()
      // As services do.
      service.socket.on('end', () => service.socket.end())
    })

    afterEach(async () => {
      client.socket.destroy()
      server[Symbol.dispose]()
      await front[Symbol.asyncDispose]()
      await tap.close()
    })

    const closed = () => until('it is closed', () => tap.evidence(LINK)?.connections.closed === 1)
    const arrived = (): number => tap.evidence(LINK)?.lanes.downstream.received ?? 0

    /** What is told of a fault during which something happens. */
    async function told(fault: WatchedFault, during: () => Promise<unknown>): Promise<LinkEvidence> {
      const { faults } = session
      const watch = watchLinks(session, [LINK], fault)
      const { type, attributes, streams, toxicity } = fault.toxic ?? {}
      await watch.begin(async () => {
        if (type === undefined) await faults.setEnabled(LINK, false)
        for (const stream of streams ?? [])
          await faults.addToxic(LINK, {
            name: `f1_${stream}`,
            type: String(type),
            stream,
            toxicity: Number(toxicity),
            attributes: { ...attributes },
          })
      })
      await during()
      await watch.end(async () => {
        if (type === undefined) await faults.setEnabled(LINK, true)
        for (const stream of streams ?? []) await faults.removeToxic(LINK, `f1_${stream}`)
      })
      const { [LINK]: evidence } = await watch.evidence()
      if (evidence === undefined) throw new Error(`nothing is told of ${LINK}`)
      return evidence
    }

    const ask = async () => {
      client.socket.write('question')
      await service.receives('question')
    }
    const answer = async () => {
      const before = arrived()
      service.socket.write('answer')
      await until('the answer has arrived', () => arrived() === before + 6)
    }
    const NOTHING = { connectionsCut: 0, bytesDelayed: 0, bytesDropped: 0 }

    it('what passes a toxic that delays was delayed, and what came before it was not', async () => {
      await ask()
      const evidence = await told(toxic('latency', { latency: 5, jitter: 0 }), answer)
      expect(evidence).to.include({ ...NOTHING, bytesDelayed: 6 })
    })

    it('only on the stream that it was set on', async () => {
      const one = toxic('latency', { latency: 5 }, { streams: ['upstream'] })
      expect(await told(one, answer)).to.include({ ...NOTHING })
    })

    it('what passes a toxic that does nothing was not', async () => {
      expect(await told(toxic('noop', {}), ask)).to.include({ ...NOTHING })
      const still = toxic('latency', { latency: 0, jitter: 0 })
      expect(await told(still, answer)).to.include({ ...NOTHING })
    })

    it('nor is anything known where toxicity has chosen', async () => {
      const some = toxic('latency', { latency: 5 }, { toxicity: 0.5 })
      expect(await told(some, answer)).to.include({ ...NOTHING })
    })

    it('a connection that its client closes was not cut by a delay', async () => {
      const evidence = await told(toxic('latency', { latency: 5 }), async () => {
        client.socket.end()
        await closed()
      })
      expect(evidence).to.include(NOTHING)
    })

    it('a black hole of an idle link swallowed nothing, though it closes the connection at its end', async () => {
      const evidence = await told(toxic('timeout', { timeout: 0 }), async () => {})
      expect(evidence).to.include({ ...NOTHING, connectionsCut: 1 })
    })

    it('a black hole swallowed what came from the service', async () => {
      await ask()
      const evidence = await told(toxic('timeout', { timeout: 0 }), answer)
      expect(evidence).to.include({ ...NOTHING, connectionsCut: 1, bytesDropped: 6 })
    })

    it('a black hole swallowed of the node what the Toxiproxy itself tells', async () => {
      if (name !== 'a real Toxiproxy') tellsAfterwards(new Map([[LINK, 8]]))
      const evidence = await told(toxic('timeout', { timeout: 0 }), async () => {
        client.socket.write('question')
        // An answer that was asked for later shows that it had the time to take it.
        await until('the question has left', () => client.socket.writableLength === 0)
        await session.faults.proxies()
      })
      expect(evidence).to.include({ connectionsCut: 1, bytesDropped: 8 })
    })

    /** Ours tells nothing of the kind: in its place, what it says after the first question. */
    function tellsAfterwards(swallowed: ReadonlyMap<string, number>): void {
      let told: ReadonlyMap<string, number> = new Map()
      session.faults.swallowed = async () => {
        const now = told
        told = swallowed
        return now
      }
    }

    it('a link that was down had its connections cut', async () => {
      const evidence = await told({ what: 'down' }, closed)
      expect(evidence).to.include({ ...NOTHING, connectionsCut: 1 })
    })
  })
