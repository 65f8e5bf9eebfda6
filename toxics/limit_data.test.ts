import { expect } from 'chai'
import { rig, spec, until, type Rig } from '../lib/proxy/rig.helper.ts'
import latency from './latency.ts'
import limitData from './limit_data.ts'

const limit = (bytes: number, more: Parameters<typeof spec>[1] = {}) =>
  spec(limitData, { ...more, attributes: { bytes } })

describe('limit_data', () => {
  it('passes so many bytes, then closes both sides', async () => {
    using it = await rig([limit(7)])
    const { client, server } = await it.connect()
    client.socket.write('1234')
    await server.receives('1234')
    client.socket.write('567890')
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('1234567')
    const { cuts, lanes, toxics } = it.proxy.evidence()
    expect(cuts[0]).to.include({ by: 'limit_data', upstreamBytes: 10 })
    expect(lanes.upstream).to.deep.equal({ received: 10, sent: 7, held: 0, dropped: 3 })
    expect(toxics).to.include({ bytesDropped: 3, connectionsCut: 1 })
  })

  it('closes when the limit is reached, not when it is passed', async () => {
    using it = await rig([limit(4)])
    const { client, server } = await it.connect()
    client.socket.write('1234')
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('1234')
  })

  it('of nothing closes at the first data', async () => {
    using it = await rig([limit(0)])
    const { client, server } = await it.connect()
    expect(it.proxy.evidence().connections.open).to.equal(1)
    client.socket.write('x')
    await client.isEndedWith(server)
    expect(server.received.length).to.equal(0)
  })

  it('counts on a live connection from when it was added', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.write('before')
    await server.receives('before')
    it.proxy.toxics.add(limit(3))
    client.socket.write('behind')
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('beforebeh')
  })

  it('remembers what has passed when it is changed, up and down', async () => {
    using it = await rig([limit(5)])
    const { client, server } = await it.connect()
    client.socket.write('1234')
    await server.receives('1234')
    it.proxy.toxics.update('limit_data', limit(9))
    client.socket.write('5678')
    await server.receives('12345678')
    it.proxy.toxics.update('limit_data', limit(2))
    expect(it.proxy.evidence().connections.open).to.equal(1)
    client.socket.write('9')
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('12345678')
  })

  it('closes behind what a toxic after it still has in hand', async () => {
    using it = await rig([limit(4), spec(latency, { attributes: { latency: 60 } })])
    const { client, server } = await it.connect()
    client.socket.write('1234567')
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held === 4)
    expect([client.ended, server.ended]).to.deep.equal([false, false])
    await client.isEndedWith(server)
    expect(server.received.toString()).to.equal('1234')
  })

  it('lets nothing pass behind the gap that it made, whatever is changed before it has closed', async () => {
    const changes = {
      none: () => {},
      raised: (it: Rig) => it.proxy.toxics.update('limit_data', limit(100)),
      removed: (it: Rig) => it.proxy.toxics.remove('limit_data'),
    }
    for (const change of Object.values(changes)) {
      using it = await rig([limit(4), spec(latency, { attributes: { latency: 60_000 } })])
      const { client, server } = await it.connect()
      client.socket.write('1234567')
      await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held === 4)
      change(it)
      client.socket.write('89')
      await until('more has come', () => it.proxy.evidence().lanes.upstream.received === 9)
      it.proxy.toxics.update('latency', spec(latency, { attributes: { latency: 1 } }))
      await client.isEndedWith(server)
      expect(server.received.toString()).to.equal('1234')
      expect(it.proxy.evidence().lanes.upstream).to.include({ received: 9, sent: 4, dropped: 5 })
    }
  })

  it('delivers what has passed to a peer that reads late', async () => {
    const large = 2 ** 24
    using it = await rig([limit(large)])
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(large + 1))
    await until('it has stopped', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    let received = 0
    server.socket.on('data', ({ length }: Buffer) => (received += length))
    await client.read().isEndedWith(server)
    expect(received).to.equal(large)
  })

  it('does not read the source dry for a peer that does not read, and tells of it', async () => {
    const [passes, all] = [2 ** 23, 2 ** 26]
    using it = await rig([limit(passes)])
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(all))
    const lane = () => it.proxy.evidence().lanes.upstream
    await until('the limit is reached', () => lane().dropped > 0)
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(lane().received).to.be.lessThan(passes + 2 ** 20)
    expect(it.proxy.evidence().toxics.bytesDropped).to.equal(lane().dropped)
    await client.read().isEndedWith(server.read())
    expect(server.received.length).to.equal(passes)
  })

  it('limits its direction alone, until it is removed under load', async () => {
    using it = await rig([limit(100)])
    const { client, server } = await it.connect()
    server.socket.write('x'.repeat(1000))
    await until('it has come', () => client.received.length === 1000)
    client.socket.write('y'.repeat(99))
    await until('it has come', () => server.received.length === 99)
    it.proxy.toxics.remove('limit_data')
    client.socket.write('y'.repeat(1000))
    await until('it has come', () => server.received.length === 1099)
  })

  it('leaves the end of a shorter stream as it is, and whom toxicity spares', async () => {
    using it = await rig([limit(100)])
    const { client, server } = await it.connect()
    client.socket.end('short')
    await server.receives('short')
    await server.hasEnded()
    server.socket.end('answer')
    await client.receives('answer')
    it.proxy.toxics.update('limit_data', limit(0, { toxicity: 0 }))
    const spared = await it.connect()
    spared.client.socket.write('spared')
    await spared.server.receives('spared')
    expect(it.proxy.evidence().cuts).to.deep.equal([])
  })
})
