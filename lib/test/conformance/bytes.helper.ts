import { expect } from 'chai'
import { ask } from '../../api/ask.helper.ts'
import { dial, until, type Peer } from '../../proxy/rig.helper.ts'
import { monotonicMs } from '../../util/clock.ts'
import { Path, type Ends } from './path.helper.ts'
import type { Serving } from './servers.helper.ts'

/** A timer may ring so much early by the clock of another process. */
const EARLY_MS = 2

/** What the proxies do to bytes, over raw TCP. */
export function bytesContract(serving: Serving): void {
  let path: Path

  beforeEach(async () => {
    path = await Path.lay(serving.url)
  })

  afterEach(() => path[Symbol.dispose]())

  it('passes bytes both ways, and the close', async () => {
    const ends = await path.connect()
    await passes(ends)
    ends.server.socket.end()
    await ends.client.hasEnded()
  })

  it('noop: passes', async () => {
    await path.add({ type: 'noop' })
    await passes(await path.connect())
  })

  it('down: closes, refuses, and is there again on the same port', async () => {
    const { client, server } = await path.connect()
    await path.ask('POST', '', { enabled: false })
    await client.isEndedWith(server)
    expect(await dial(path.listen).then(() => 'taken', String)).to.contain('ECONNREFUSED')
    await path.ask('POST', '', { enabled: true })
    await passes(await path.connect())
  })

  it('delete: closes, and the port is free at once', async () => {
    const { client, server } = await path.connect()
    await path.ask('DELETE')
    await client.isEndedWith(server)
    const spec = { name: 'b', listen: path.listen, upstream: path.server.address }
    expect((await ask(serving.url, 'POST', '/proxies', spec)).status).to.equal(201)
  })

  it('latency: delays one direction, stacked ones add, on live connections too', async () => {
    const { client, server } = await path.connect()
    await path.add({ type: 'latency', attributes: { latency: 40 } })
    expect(await passage(server, client, 'a')).to.be.at.least(40 - EARLY_MS)
    await path.add({ type: 'latency', name: 'more', attributes: { latency: 40 } })
    expect(await passage(server, client, 'b')).to.be.at.least(80 - EARLY_MS)
    await path.remove('more')
    await path.ask('POST', '/toxics/latency_downstream', { attributes: { latency: 0 } })
    await passes({ client, server })
  })

  it('bandwidth: paces', async () => {
    await path.add({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 100 } })
    const { client, server } = await path.connect()
    const begun = monotonicMs()
    client.socket.write(Buffer.alloc(30_000, 'x'))
    await until('all has come', () => server.received.length === 30_000)
    // The first tenth of a second's worth may come at once.
    expect(monotonicMs() - begun).to.be.at.least(200 - EARLY_MS)
  })

  it('slicer: cuts, and what comes is what went in', async () => {
    const attributes = { average_size: 10, size_variation: 5, delay: 10 }
    await path.add({ type: 'slicer', stream: 'upstream', attributes })
    const { client, server } = await path.connect()
    const text = Array.from({ length: 200 }, (_, n) => `${n},`).join('')
    client.socket.write(text)
    await server.receives(text)
  })

  it('limit_data: closes at the limit', async () => {
    await path.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: 5 } })
    const { client, server } = await path.connect()
    client.socket.write('12345678')
    await server.hasEnded()
    expect(server.received.toString()).to.equal('12345')
    await client.isEndedWith(server)
  })

  it('timeout: swallows, and closes after its time', async () => {
    await path.add({ type: 'timeout', stream: 'upstream', attributes: { timeout: 60 } })
    const begun = monotonicMs()
    const client = (await path.dial()).read()
    client.socket.write('lost')
    const server = (await path.server.peer(0)).read()
    await client.isEndedWith(server)
    expect(monotonicMs() - begun).to.be.at.least(60 - EARLY_MS)
    expect(server.received.toString()).to.equal('')
  })

  it('timeout 0: swallows until it is removed, and then closes', async () => {
    const { client, server } = await path.connect()
    await path.add({ type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } })
    client.socket.write('lost')
    await passage(server, client, 'back')
    expect(client.ended).to.equal(false)
    await path.remove('timeout_upstream')
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('')
  })

  it('slow_close: the close waits', async () => {
    const { client, server } = await path.connect()
    await path.add({ type: 'slow_close', attributes: { delay: 60 } })
    const begun = monotonicMs()
    server.socket.end('last')
    await client.hasEnded()
    expect(client.received.toString()).to.equal('last')
    expect(monotonicMs() - begun).to.be.at.least(60 - EARLY_MS)
  })

  it('reset_peer: resets a new connection that talks', async () => {
    await path.add({ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 20 } })
    const client = (await path.dial()).read()
    client.socket.write('hello')
    await client.isReset()
  })

  it('toxicity 0: spares every connection', async () => {
    await path.add({ type: 'timeout', stream: 'upstream', toxicity: 0 })
    await path.add({ type: 'limit_data', toxicity: 0 })
    await passes(await path.connect())
  })
}

/** How long it takes until what one end writes has come at the other, in ms. */
async function passage(from: Peer, to: Peer, text: string): Promise<number> {
  const begun = monotonicMs()
  const awaited = `${to.received.toString()}${text}`
  from.socket.write(text)
  await to.receives(awaited)
  return monotonicMs() - begun
}

const passes = async ({ client, server }: Ends) => {
  await passage(client, server, 'there')
  await passage(server, client, 'back')
}
