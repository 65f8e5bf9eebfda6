import { expect } from 'chai'
import { rig, spec, until } from '../lib/proxy/rig.helper.ts'
import { monotonicMs } from '../lib/util/clock.ts'
import bandwidth from './bandwidth.ts'

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
    it.proxy.toxics.update('bandwidth', spec(bandwidth, { attributes: { rate: 1000 } }))
    await until('it has come', () => server.received.length === 60_000)
    client.socket.write(Buffer.alloc(1000))
    await until('the rest has come', () => server.received.length === 61_000)
  })
})
