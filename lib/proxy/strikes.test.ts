import { expect } from 'chai'
import { delay, rig, spec, swallow, until } from './rig.helper.ts'
import { StrikeCount } from './strikes.ts'

describe('what a toxic did', () => {
  it('is counted for each toxic on its own, and for all of a proxy', async () => {
    const slow = spec(delay, { name: 'slow', attributes: { ms: 15 } })
    using it = await rig([slow, spec(delay, { name: 'idle', stream: 'downstream', attributes: { ms: 1 } })])
    const { client, server } = await it.connect()
    client.socket.write('12345')
    await server.receives('12345')
    const strikesOf = (name: string) => it.proxy.toxics.get(name)?.strikes.read()
    expect(strikesOf('slow')).to.include({ chunksDelayed: 1, bytesDelayed: 5, bytesDropped: 0 })
    const { delays = [], delayedMs = 0 } = strikesOf('slow') ?? {}
    expect(delayedMs).to.be.at.least(15)
    const counted = delays.filter(({ chunks }) => chunks > 0)
    expect(counted).to.have.lengthOf(1)
    expect(counted[0]?.ms ?? Infinity).to.be.at.least(20)
    expect(strikesOf('idle')).to.include({ chunksDelayed: 0, connectionsCut: 0 })
    it.proxy.toxics.add(spec(swallow))
    it.proxy.toxics.remove('slow')
    client.socket.write('lost')
    await until('it is lost', () => strikesOf('swallow')?.bytesDropped === 4)
    const { strikes } = it.proxy.toxics.get('swallow') ?? {}
    it.proxy.toxics.remove('swallow')
    expect(strikes?.read()).to.include({ connectionsCut: 1, chunksDelayed: 0 })
    const all = { chunksDelayed: 1, bytesDelayed: 5, bytesDropped: 4, connectionsCut: 1 }
    expect(it.proxy.evidence().toxics).to.include(all)
  })

  it('has each delay in one count', () => {
    const count = new StrikeCount()
    for (const ms of [0, 1, 1.1, 10_000, 10_001]) count.left(ms)
    const { delays, delayedMs } = count.read()
    expect(delayedMs).to.equal(20_003.1)
    expect(delays.filter(({ chunks }) => chunks > 0)).to.deep.equal([
      { ms: 1, chunks: 2 },
      { ms: 2, chunks: 1 },
      { ms: 10_000, chunks: 1 },
      { ms: null, chunks: 1 },
    ])
  })
})
