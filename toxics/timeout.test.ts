import { expect } from 'chai'
import { rig, spec, until } from '../lib/proxy/rig.helper.ts'
import { monotonicMs } from '../lib/util/clock.ts'
import timeout from './timeout.ts'

describe('timeout', () => {
  it('closes after its time since the last data', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 100 } })])
    const { client, server } = await it.connect()
    const heartbeat = setInterval(() => client.socket.write('heartbeat'), 20)
    await until('much time has passed', () => (it.proxy.connections()[0]?.ageMs ?? 0) > 300)
    clearInterval(heartbeat)
    const begun = monotonicMs()
    await client.isEndedWith(server)
    expect(monotonicMs() - begun).to.be.within(50, 1000)
    expect(server.received.length).to.equal(0)
    expect(it.proxy.evidence().cuts[0]).to.include({ by: 'timeout' })
  })

  it('that is absolute closes after its time, however busy the connection is', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 100, mode: 'absolute' } })])
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

  it('that goes closes also what it never acted on, as Toxiproxy does', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 0 } })])
    const { client, server } = await it.connect()
    it.proxy.toxics.remove('timeout')
    await client.isEndedWith(server)
    expect(it.events.filter(({ kind }) => kind === 'toxic.acted')).to.deep.equal([])
  })

  it('that is absolute is not put off by an update that changes nothing', async () => {
    const toxic = spec(timeout, { attributes: { timeout: 100, mode: 'absolute' } })
    using it = await rig([toxic])
    const begun = monotonicMs()
    const { client, server } = await it.connect()
    const again = setInterval(() => it.proxy.toxics.update('timeout', toxic), 10).unref()
    await client.isEndedWith(server)
    clearInterval(again)
    expect(monotonicMs() - begun).to.be.within(100, 1000)
  })

  it('closes after a new time, counted from the change', async () => {
    using it = await rig([spec(timeout, { attributes: { timeout: 0 } })])
    const { client, server } = await it.connect()
    it.proxy.toxics.update('timeout', spec(timeout, { attributes: { timeout: 5 } }))
    await client.isEndedWith(server)
  })
})
