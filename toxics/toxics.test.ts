import { expect } from 'chai'
import { rig, spec, until } from '../lib/proxy/rig.helper.ts'
import { monotonicMs } from '../lib/util/clock.ts'
import bandwidth from './bandwidth.ts'
import latency from './latency.ts'
import noop from './noop.ts'
import resetPeer from './reset_peer.ts'
import slowClose from './slow_close.ts'
import timeout from './timeout.ts'

describe('noop', () => {
  it('acts on nothing', async () => {
    using it = await rig([spec(noop)])
    const { client, server } = await it.connect()
    client.socket.write('through')
    await server.receives('through')
    expect(it.proxy.connections()[0]?.toxics).to.deep.equal([{ name: 'noop', acted: false }])
  })
})

describe('latency', () => {
  it('delays by latency ± jitter', async () => {
    using it = await rig([spec(latency, { attributes: { latency: 30, jitter: 10 } })])
    const { client, server } = await it.connect()
    const delays = new Set<number>()
    for (let n = 1; n <= 5; n += 1) {
      const sent = monotonicMs()
      client.socket.write('x')
      await server.receives('x'.repeat(n))
      const took = monotonicMs() - sent
      expect(took).to.be.at.least(20)
      delays.add(Math.round(took))
    }
    expect(delays.size).to.be.greaterThan(1)
  })

  it('survives a jitter that is larger than the latency', async () => {
    using it = await rig([spec(latency, { attributes: { latency: 1, jitter: 20 } })])
    const { client, server } = await it.connect()
    for (const letter of 'abcdefgh') client.socket.write(letter)
    await server.receives('abcdefgh')
  })
})

describe('bandwidth', () => {
  it('keeps its rate, without a burst after idling', async () => {
    using it = await rig([spec(bandwidth, { attributes: { rate: 100 } })])
    const { client, server } = await it.connect()
    for (let round = 1; round <= 2; round += 1) {
      const begun = monotonicMs()
      client.socket.write(Buffer.alloc(20_000))
      await until('it has come', () => server.received.length === round * 20_000)
      expect(monotonicMs() - begun).to.be.within(200, 1000)
    }
  })

  it('limits each connection apart', async () => {
    using it = await rig([spec(bandwidth, { attributes: { rate: 100 } })])
    const pairs = [await it.connect(), await it.connect(), await it.connect(), await it.connect()]
    const begun = monotonicMs()
    for (const { client } of pairs) client.socket.write(Buffer.alloc(20_000))
    await until('all has come', () => pairs.every(({ server }) => server.received.length === 20_000))
    expect(monotonicMs() - begun).to.be.within(200, 750)
  })

  it('forgets what it owed when it is changed', async () => {
    using it = await rig([spec(bandwidth, { attributes: { rate: 1 } })])
    const { client, server } = await it.connect()
    client.socket.write(Buffer.alloc(60_000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held > 50_000)
    it.proxy.toxics.update('bandwidth', { attributes: { rate: 1000 } })
    await until('it has come', () => server.received.length === 60_000)
    client.socket.write(Buffer.alloc(1000))
    await until('the rest has come', () => server.received.length === 61_000)
  })
})

describe('timeout', () => {
  it('closes after its time, however busy the connection is', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 100 } })])
    const begun = monotonicMs()
    const { client, server } = await it.connect()
    const heartbeat = setInterval(() => client.socket.write('heartbeat'), 20)
    await client.isEndedWith(server)
    clearInterval(heartbeat)
    expect(monotonicMs() - begun).to.be.within(100, 1000)
    expect(server.received.length).to.equal(0)
    expect(it.proxy.evidence().cuts[0]).to.include({ by: 'timeout' })
  })

  it('is a black hole with 0, for new connections too, until it is removed', async () => {
    const holes = (['upstream', 'downstream'] as const).map((stream) =>
      spec(timeout, { name: `hole_${stream}`, stream, attributes: { timeout: 0 } }),
    )
    using it = await rig()
    const live = await it.connect()
    live.client.socket.write('before')
    await live.server.receives('before')
    for (const hole of holes) it.proxy.toxics.add(hole)
    const fresh = await it.connect()
    for (const { client, server } of [live, fresh]) {
      client.socket.write('into the hole')
      server.socket.write('back into it')
    }
    await until('all is lost', () => it.proxy.evidence().toxics.bytesDropped === 50)
    expect(it.proxy.evidence().connections).to.include({ open: 2, cutByFault: 0 })
    it.proxy.toxics.clear()
    for (const { client, server } of [live, fresh]) await client.isEndedWith(server)
    expect([live.server.received.toString(), fresh.server.received.toString()]).to.deep.equal(['before', ''])
    expect(it.proxy.evidence().connections).to.include({ open: 0, cutByFault: 2 })
    const after = await it.connect()
    after.client.socket.write('after')
    await after.server.receives('after')
  })

  it('closes after a new time, counted from the change', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 0 } })])
    const { client, server } = await it.connect()
    it.proxy.toxics.update('timeout', { attributes: { timeout: 5 } })
    await client.isEndedWith(server)
  })
})

describe('reset_peer', () => {
  it('resets live, idle and new connections on both sides', async () => {
    using it = await rig()
    const busy = await it.connect()
    const idle = await it.connect()
    busy.client.socket.write('x'.repeat(9000))
    await until('it has come', () => busy.server.received.length === 9000)
    it.proxy.toxics.add(spec(resetPeer, { attributes: { timeout: 0 } }))
    for (const { client, server } of [busy, idle]) {
      await client.isReset()
      await server.isReset()
    }
    const fresh = await it.connect()
    await fresh.client.isReset()
    await fresh.server.isReset()
    const { connections, toxics } = it.proxy.evidence()
    expect(connections).to.include({ cutByFault: 3 })
    expect(toxics.connectionsCut).to.equal(3)
  })

  it('waits for its time, and passes data until then', async () => {
    using it = await rig([spec(resetPeer, { attributes: { timeout: 60 } })])
    const begun = monotonicMs()
    const { client, server } = await it.connect()
    client.socket.write('in time')
    await server.receives('in time')
    await client.isReset()
    expect(monotonicMs() - begun).to.be.at.least(60)
  })

  it('resets also whom nobody can write to', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    server.socket.write(Buffer.alloc(2 ** 25))
    await until('the client is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'downstream')
    it.proxy.toxics.add(spec(resetPeer, { attributes: { timeout: 0 } }))
    await client.read().isReset()
    await server.read().isReset()
    const { downstream } = it.proxy.evidence().lanes
    expect(downstream.received).to.equal(downstream.sent + downstream.dropped)
    expect(downstream.dropped).to.be.greaterThan(0)
  })

  it('spares whom toxicity spares', async () => {
    using it = await rig([spec(resetPeer, { toxicity: 0, attributes: { timeout: 0 } })])
    const { client, server } = await it.connect()
    client.socket.write('spared')
    await server.receives('spared')
    expect(it.proxy.connections()[0]?.toxics).to.deep.equal([])
  })
})

describe('slow_close', () => {
  it('delays the close of its direction alone', async () => {
    using it = await rig([spec(slowClose, { attributes: { delay: 60 } })])
    const { client, server } = await it.connect()
    const begun = monotonicMs()
    client.socket.end('bye')
    server.socket.end('bye')
    await client.hasEnded()
    await server.receives('bye')
    expect(server.ended).to.equal(false)
    await server.hasEnded()
    expect(monotonicMs() - begun).to.be.at.least(60)
  })
})
