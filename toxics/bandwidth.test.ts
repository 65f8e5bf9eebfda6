import { expect } from 'chai'
import { rig, spec, until, type Rig } from '../lib/proxy/rig.helper.ts'
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

const held = ({ proxy }: Rig) => proxy.evidence().lanes.upstream.held
const of = (rate: number, scope: string) => spec(bandwidth, { attributes: { rate, scope } })

/** Bytes that have left while some changes were made, and the most that the rate allowed meanwhile. */
async function during(it: Rig, change: (rate: number) => void) {
  const { client } = await it.connect()
  client.socket.write(Buffer.alloc(2_000_000))
  await until('it is in hand', () => it.proxy.evidence().lanes.upstream.received === 2_000_000)
  const [begun, before] = [monotonicMs(), held(it)]
  for (const rate of [101, 100, 101, 100]) {
    const at = monotonicMs()
    change(rate)
    await until('a while has passed', () => monotonicMs() - at > 30)
  }
  // A piece may have been due when it began, and what a stall of ours kept back.
  return { left: before - held(it), allowed: 101 * (monotonicMs() - begun + 100) }
}

describe('a change of bandwidth', () => {
  for (const scope of ['connection', 'proxy'])
    it(`lets nothing leave beyond its rate: scope ${scope}`, async () => {
      using it = await rig([of(100, scope)])
      const { left, allowed } = await during(it, (rate) =>
        it.proxy.toxics.update('bandwidth', of(rate, scope)),
      )
      expect(left).to.be.within(4000, allowed)
    })

  for (const [what, everyMs] of [
    ['ten times in the time of a piece', 2],
    ['without a pause', 0],
  ] as const)
    for (const scope of ['connection', 'proxy'])
      it(`that comes ${what} does not stop it: scope ${scope}`, async () => {
        using it = await rig([of(100, scope)])
        const { client } = await it.connect()
        client.socket.write(Buffer.alloc(2_000_000))
        await until('it is in hand', () => it.proxy.evidence().lanes.upstream.received === 2_000_000)
        const [begun, before] = [monotonicMs(), held(it)]
        for (let n = 0; monotonicMs() - begun < 400; n += 1) {
          it.proxy.toxics.update('bandwidth', of(n % 2 ? 190 : 10, scope))
          const at = monotonicMs()
          do await new Promise((resolve) => setImmediate(resolve))
          while (monotonicMs() - at < everyMs)
        }
        const ms = monotonicMs() - begun
        // Two pieces of the faster rate may be under way; half of the time each rate held.
        expect(before - held(it)).to.be.within(70 * ms, 110 * ms + 190 * 40)
      })

  it('to the same rate changes nothing', async () => {
    using it = await rig([spec(bandwidth, { attributes: { rate: 100 } })])
    const same = spec(bandwidth, { attributes: { rate: 100 } })
    const { left, allowed } = await during(it, () => it.proxy.toxics.update('bandwidth', same))
    expect(left).to.be.within(4000, allowed)
  })

  it('keeps the order, and the end of the stream behind it', async () => {
    using it = await rig([spec(bandwidth, { attributes: { rate: 1 } })])
    const { client, server } = await it.connect()
    const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, n) => n % 251))
    client.socket.end(bytes)
    await until('it is in hand', () => held(it) > 19_000)
    it.proxy.toxics.update('bandwidth', spec(bandwidth, { attributes: { rate: 200 } }))
    expect(server.ended).to.equal(false)
    await server.hasEnded()
    expect(server.received.equals(bytes)).to.equal(true)
  })
})

/** Sends so many bytes and looks at every arrival: when the last has come, and how far the sum was ahead of the rate. */
async function transfer(it: Rig, rate: number, length: number): Promise<{ tookMs: number; aheadMs: number }> {
  const { client, server } = await it.connect({ reading: false })
  const begun = monotonicMs()
  let received = 0
  let aheadMs = 0
  server.socket.on('data', (bytes: Buffer) => {
    received += bytes.length
    aheadMs = Math.max(aheadMs, received / rate - (monotonicMs() - begun))
  })
  client.socket.end(Buffer.alloc(length))
  await until('it has come', () => received === length)
  return { tookMs: monotonicMs() - begun, aheadMs }
}

describe('the accuracy of bandwidth', () => {
  for (const rate of [10, 100, 1000, 100_000])
    it(`is never ahead of ${rate} KB/s, and not far behind`, async () => {
      using it = await rig([spec(bandwidth, { attributes: { rate } })])
      const { tookMs, aheadMs } = await transfer(it, rate, rate * 500)
      expect(aheadMs).to.be.at.most(0)
      // Two percent are measured by the benchmark; what others do on this machine slows the fastest down.
      expect(tookMs).to.be.within(500, rate > 1000 ? Infinity : 1000)
    })
})

const shared = (rate: number, more: Parameters<typeof spec>[1] = {}) =>
  spec(bandwidth, { ...more, attributes: { rate, scope: 'proxy' } })

describe('bandwidth that is shared', () => {
  it('is one rate for all connections, of its stream alone', async () => {
    using it = await rig([shared(100)])
    const pairs = [await it.connect(), await it.connect(), await it.connect(), await it.connect()]
    const begun = monotonicMs()
    for (const { client, server } of pairs) {
      client.socket.write(Buffer.alloc(10_000))
      server.socket.write(Buffer.alloc(10_000))
    }
    await until('the answers have come', () => pairs.every(({ client }) => client.received.length === 10_000))
    expect(monotonicMs() - begun).to.be.lessThan(400)
    await until('all has come', () => pairs.every(({ server }) => server.received.length === 10_000))
    expect(monotonicMs() - begun).to.be.at.least(400)
  })

  it('is taken in turns: who sends little does not wait for who sends much', async () => {
    using it = await rig([shared(100)])
    const [greedy, modest] = [await it.connect(), await it.connect()]
    greedy.client.socket.write(Buffer.alloc(1_000_000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held > 900_000)
    const begun = monotonicMs()
    modest.client.socket.write('a word')
    await modest.server.receives('a word')
    expect(monotonicMs() - begun).to.be.lessThan(500)
  })

  it('is given back by connections that end', async () => {
    using it = await rig([shared(100)])
    const [cut, stays] = [await it.connect(), await it.connect()]
    cut.client.socket.write(Buffer.alloc(1_000_000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held > 900_000)
    cut.server.socket.resetAndDestroy()
    cut.client.socket.resetAndDestroy()
    stays.client.socket.write(Buffer.alloc(10_000))
    await until('all has come', () => stays.server.received.length === 10_000)
  })

  it('holds for live connections, can be changed to each its own, and owes nothing then', async () => {
    using it = await rig()
    const pairs = [await it.connect(), await it.connect(), await it.connect(), await it.connect()]
    it.proxy.toxics.add(shared(1))
    for (const { client } of pairs) client.socket.write(Buffer.alloc(50_000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held > 180_000)
    it.proxy.toxics.update('bandwidth', spec(bandwidth, { attributes: { rate: 100 } }))
    await until('it has come', () => pairs.every(({ server }) => server.received.length === 50_000))
    const begun = monotonicMs()
    for (const { client } of pairs) client.socket.write(Buffer.alloc(20_000))
    await until('the rest has come', () => pairs.every(({ server }) => server.received.length === 70_000))
    // Shared it would take 800 ms.
    expect(monotonicMs() - begun).to.be.within(200, 790)
  })

  it('leaves out whom toxicity spares', async () => {
    using it = await rig([shared(1, { toxicity: 0 })])
    const { client, server } = await it.connect()
    client.socket.write(Buffer.alloc(20_000))
    await until('it has come', () => server.received.length === 20_000)
  })
})
