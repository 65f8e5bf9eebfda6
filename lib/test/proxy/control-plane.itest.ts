import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect } from 'chai'
import { defaultsOf } from '../../proxy/attributes.ts'
import { actsOn } from '../../toxic.ts'
import { toxics } from '../../../toxics/index.ts'
import { ask } from '../../api/ask.helper.ts'
import type { EvidenceView } from '../../api/views.ts'
import { poll } from '../../util/poll.ts'

const CONNECTIONS = 100
const FAR = 1_000_000_000
/** In hand or under way on each lane: more than the system's buffers take. */
const BYTES = 2 ** 24

/** Values with which no toxic fires before the test is over. */
const VALUES: Record<string, object> = {
  bandwidth: { rate: 1 },
  latency: { latency: 600_000 },
  limit_data: { bytes: FAR },
  noop: {},
  reset_peer: { timeout: 600_000 },
  slicer: { average_size: 1000, delay: 1000 },
  slow_close: { delay: 600_000 },
  timeout: { timeout: 600_000 },
}

/** For how many ms a process's main thread, or ours, could have run and others did: that is the machine's, not ours. */
function keptWaitingMs(pid: number): number {
  const [, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')
  return Number(waited) / 1e6
}

/** Our server in a process of its own, so that its clients and its service take none of its time. */
async function ours() {
  const program = new URL('../../bench/proxy/ours.ts', import.meta.url)
  const child = spawn(process.execPath, [program.pathname], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: url.toString().trim(),
    keptWaitingMs: () => keptWaitingMs(child.pid ?? 0) + keptWaitingMs(process.pid),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** A service that never reads and sends without end. */
async function unread() {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pause()
    socket.write(Buffer.alloc(BYTES))
    sockets.push(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const STREAMS = ['upstream', 'downstream'] as const

/** Clients that never read and send without end. */
async function stalledClients(listen: string) {
  const port = Number(listen.split(':').at(-1))
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'))
  const load = Buffer.alloc(BYTES)
  for (const socket of sockets) {
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.pause()
    socket.write(load)
  }
  return {
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('the control plane', () => {
  it('answers within 100 ms while 100 connections are stalled under toxics of every type', async function () {
    this.timeout(60_000)
    await using server = await ours()
    using service = await unread()
    const slowest = { call: '', ms: 0 }
    const call = async (verb: string, path: string, body?: object): Promise<unknown> => {
      const begun = performance.now() - server.keptWaitingMs()
      const { status, text, json } = await ask(server.url, verb, path, body)
      const ms = performance.now() - server.keptWaitingMs() - begun
      expect(status, `${verb} ${path}: ${text}`).to.be.lessThan(300)
      if (ms > slowest.ms) Object.assign(slowest, { call: `${verb} ${path}`, ms })
      return json
    }
    const { listen } = (await call('POST', '/proxies', { name: 'a', upstream: service.address })) as {
      listen: string
    }
    using _ = await stalledClients(listen)
    const evidence = async () => (await call('GET', '/proxies/a/evidence')) as EvidenceView
    const open = async () => (await evidence()).connections.open
    let before = ''
    const standsStill = async () => {
      const now = JSON.stringify((await evidence()).lanes)
      if (now === before) return true
      before = now
      return undefined
    }
    await poll(standsStill, { what: 'nothing moves any more', deadlineMs: 20_000, everyMs: 300 })
    slowest.ms = 0
    const placed = toxics.flatMap((toxic) =>
      STREAMS.filter((stream) => actsOn(toxic, defaultsOf(toxic), stream)).map((stream) => ({
        ...toxic,
        stream,
      })),
    )
    for (const { type, stream } of placed)
      await call('POST', '/proxies/a/toxics', { type, stream, attributes: VALUES[type] ?? {} })
    for (const { type, stream } of placed)
      await call('POST', `/proxies/a/toxics/${type}_${stream}`, { attributes: VALUES[type] ?? {} })
    await call('GET', '/proxies')
    await call('GET', '/proxies/a/connections')
    await call('DELETE', '/proxies/a/toxics/noop_upstream')
    await call('POST', '/proxies/a/toxics', { type: 'latency', name: 'more', attributes: { latency: 1000 } })
    expect(await open()).to.equal(CONNECTIONS)
    for (const { type, stream } of placed)
      if (type !== 'timeout' && type !== 'noop') await call('DELETE', `/proxies/a/toxics/${type}_${stream}`)
    expect(await open()).to.equal(CONNECTIONS)
    await call('POST', '/reset')
    await call('POST', '/proxies/a', { enabled: false })
    await call('DELETE', '/proxies/a')
    expect(slowest.ms, slowest.call).to.be.lessThan(100)
  })
})
