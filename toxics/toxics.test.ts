import { expect } from 'chai'
import { rig, spec, until } from '../lib/proxy/rig.helper.ts'
import { monotonicMs } from '../lib/util/clock.ts'
import latency from './latency.ts'
import noop from './noop.ts'
import resetPeer from './reset_peer.ts'
import slowClose from './slow_close.ts'

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

  it('never lets anything leave early, however short it is', async () => {
    for (const ms of [1, 10, 100]) {
      using it = await rig([spec(latency, { attributes: { latency: ms } })])
      const { client, server } = await it.connect()
      for (let n = 1; n <= 5; n += 1) {
        const sent = monotonicMs()
        client.socket.write('x')
        await server.receives('x'.repeat(n))
        expect(monotonicMs() - sent).to.be.at.least(ms)
      }
    }
  })

  it('survives a jitter that is larger than the latency', async () => {
    using it = await rig([spec(latency, { attributes: { latency: 1, jitter: 20 } })])
    const { client, server } = await it.connect()
    for (const letter of 'abcdefgh') client.socket.write(letter)
    await server.receives('abcdefgh')
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

  it('counts a new time from the change', async () => {
    using it = await rig([spec(resetPeer, { attributes: { timeout: 60_000 } })])
    const { client, server } = await it.connect()
    const begun = monotonicMs()
    it.proxy.toxics.update('reset_peer', { attributes: { timeout: 40 } })
    client.socket.write('still')
    await server.receives('still')
    await client.isReset()
    await server.isReset()
    expect(monotonicMs() - begun).to.be.at.least(40)
  })

  it('is not put off by an update that changes nothing', async () => {
    const toxic = spec(resetPeer, { attributes: { timeout: 100 } })
    using it = await rig([toxic])
    const { client } = await it.connect()
    const again = setInterval(() => it.proxy.toxics.update('reset_peer', toxic), 10).unref()
    await client.isReset()
    clearInterval(again)
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
  it('lets a close that waits pass at once when it is changed or removed', async () => {
    for (const change of ['update', 'remove'] as const) {
      using it = await rig([spec(slowClose, { attributes: { delay: 60_000 } })])
      const { client, server } = await it.connect()
      client.socket.end('bye')
      await server.receives('bye')
      await until('the close waits', () => it.proxy.connections()[0]?.toxics[0]?.acted === true)
      if (change === 'update') it.proxy.toxics.update('slow_close', { attributes: { delay: 1 } })
      else it.proxy.toxics.remove('slow_close')
      await server.hasEnded()
    }
  })

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
