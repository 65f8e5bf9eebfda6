import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { delay, dial, rig, spec, until, type Peer } from './rig.helper.ts'

describe('a connection', () => {
  it('passes the very bytes in both directions', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    const there = randomBytes(2 ** 20)
    const back = randomBytes(2 ** 20)
    client.socket.write(there)
    server.socket.write(back)
    await until('all has come', () => server.received.length + client.received.length === 2 ** 21)
    expect(server.received.equals(there)).to.equal(true)
    expect(client.received.equals(back)).to.equal(true)
    const { lanes } = it.proxy.evidence()
    expect(lanes.upstream).to.deep.equal({ received: 2 ** 20, sent: 2 ** 20, held: 0, dropped: 0 })
    expect(lanes.downstream).to.deep.equal(lanes.upstream)
  })

  it('tells the ports at both of its ends', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    const told = it.events.find((event) => event.kind === 'connection.dialled')
    expect(told).to.include({
      connection: 1,
      client: `127.0.0.1:${client.socket.localPort}`,
      upstreamLocal: `127.0.0.1:${server.socket.remotePort}`,
    })
  })

  it('keeps the reply to a client that has sent its FIN', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.end('question')
    await server.hasEnded()
    server.socket.end('answer')
    await client.hasEnded()
    expect(server.received.toString()).to.equal('question')
    expect(client.received.toString()).to.equal('answer')
    await until('the connection is gone', () => it.proxy.connections().length === 0)
    expect(it.proxy.evidence().connections).to.include({ opened: 1, closed: 1, cutByFault: 0 })
  })

  it('passes an RST on as RST, from either side', async () => {
    using it = await rig()
    const first = await it.connect()
    first.client.socket.resetAndDestroy()
    await first.server.isReset()
    const second = await it.connect()
    second.server.socket.resetAndDestroy()
    await second.client.isReset()
    await until('both are gone', () => it.proxy.connections().length === 0)
    expect(it.proxy.evidence().cuts).to.deep.equal([])
  })

  it('stops reading a source whose destination does not read', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 ** 25))
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    expect(it.proxy.evidence().lanes.upstream.held).to.be.lessThan(2 ** 20)
    server.socket.resume()
    await until('all has come', () => it.proxy.evidence().lanes.upstream.sent === 2 ** 25)
  })

  it('passes an RST on at the latest when a lane that was paused reads on, behind what came before', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 ** 24))
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    client.socket.resetAndDestroy()
    server.socket.resume()
    await server.isReset()
    await until('the connection is gone', () => it.proxy.connections().length === 0)
  })

  it('keeps a FIN behind what a paused lane has in hand, while the other direction goes on', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    client.socket.end(Buffer.alloc(2 ** 24))
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    client.read()
    server.socket.write('still here')
    await client.receives('still here')
    expect(server.ended).to.equal(false)
    server.socket.resume()
    await server.hasEnded()
    expect(it.proxy.evidence().lanes.upstream).to.include({ sent: 2 ** 24, held: 0 })
    server.socket.end()
    await client.hasEnded()
  })

  it('does not count as sent what waited for a peer that is gone', async () => {
    using it = await rig([spec(delay, { attributes: { ms: 1 } })])
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 ** 25))
    const lane = () => it.proxy.evidence().lanes.upstream
    await until(
      'it is stalled',
      () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream' && lane().held > 2 ** 23,
    )
    const { sent } = lane()
    server.socket.resetAndDestroy()
    await until('it is lost', () => lane().dropped >= 2 ** 23)
    expect(lane().sent).to.be.within(sent, sent + 2 ** 20)
    expect(lane().received).to.equal(lane().sent + lane().held + lane().dropped)
  })

  it('is ended at once by its number, also while it is stalled', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 ** 24))
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    expect(it.proxy.cut(2)).to.equal(false)
    expect(it.proxy.cut(1)).to.equal(true)
    expect(it.proxy.connections()).to.deep.equal([])
    client.read()
    server.read()
    await client.isEndedWith(server)
    expect(it.proxy.evidence().connections).to.include({ cutByFault: 0, closed: 1 })
  })

  it('resets a client whose upstream refuses', async () => {
    using it = await rig()
    it.server[Symbol.dispose]()
    const client = await dial(it.proxy.listen)
    await client.read().isReset()
    expect(it.proxy.evidence().connections).to.include({ opened: 1, open: 0, closed: 1, dialsFailed: 1 })
  })

  it('gives up an unanswered dial, and lets no other client wait for it', async () => {
    await using silent = await silentServer()
    using it = await rig([], { dialMs: 300 })
    await it.proxy.update({ upstream: silent.address })
    const clients = [await dial(it.proxy.listen), await dial(it.proxy.listen)]
    for (const client of clients) await client.read().isReset()
    const failures = it.events.filter((event) => event.kind === 'dial.failed')
    expect(failures.map(({ error }) => error)).to.deep.equal(Array(2).fill('no answer within 300 ms'))
    const [first = 0, second = 0] = failures.map(({ at }) => at)
    expect(second - first).to.be.lessThan(300)
  })

  it('leaves no handle behind, whoever ends it', async () => {
    using it = await rig()
    const before = openSockets()
    const pairs = []
    for (let n = 0; n < 100; n += 1) pairs.push(await it.connect())
    for (const [index, { client, server }] of pairs.entries()) {
      if (index % 3 === 0) client.socket.resetAndDestroy()
      else if (index % 3 === 1) server.socket.destroy()
      client.socket.end()
      server.socket.end()
    }
    await until('all are gone', () => it.proxy.connections().length === 0)
    await until('no socket is left', () => openSockets() <= before)
    expect(it.proxy.evidence().connections).to.include({ opened: 100, closed: 100 })
  })

  it('takes off a tap that throws, and passes on', async () => {
    const seen: string[] = []
    using it = await rig([], {
      tap: (proxy, connection, stream) => ({
        arrived: (bytes) => {
          seen.push(`${proxy} ${connection} ${stream} ${bytes.toString()}`)
          if (stream === 'downstream') throw new Error('no')
        },
        altered: () => {},
      }),
    })
    const { client, server } = await it.connect()
    client.socket.write('a')
    await server.receives('a')
    server.socket.write('b')
    await client.receives('b')
    server.socket.write('c')
    await client.receives('bc')
    expect(seen).to.deep.equal(['p 1 upstream a', 'p 1 downstream b'])
    expect(it.events.filter((event) => event.kind === 'failed')).to.have.lengthOf(1)
  })
})

const openSockets = () =>
  process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCPSocket')).length

/** A port whose queue of connections is full: a dial to it gets no answer. */
async function silentServer() {
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer()
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0))
     })`,
    { eval: true, workerData: new SharedArrayBuffer(4) },
  )
  const [port] = (await once(worker, 'message')) as [number]
  const fillers: Peer[] = []
  for (let n = 0; n < 2; n += 1) fillers.push(await dial(`127.0.0.1:${port}`))
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const { socket } of fillers) socket.destroy()
      await worker.terminate()
    },
  }
}
