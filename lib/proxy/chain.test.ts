import { expect } from 'chai'
import { setTimeout as pause } from 'node:timers/promises'
import { defineToxic } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { LANE_LIMIT } from './lane.ts'
import { delay, holder, rig, spec, swallow, until, type Rig } from './rig.helper.ts'

const delayed = (ms: number) => spec(delay, { attributes: { ms } })

/** Sends each piece on its own and waits until the proxy has it. */
async function feed(it: Rig, socket: { write: (bytes: Buffer) => unknown }, pieces: Buffer[]) {
  for (const bytes of pieces) {
    const before = it.proxy.evidence().lanes.upstream.received
    socket.write(bytes)
    await until('the proxy has it', () => it.proxy.evidence().lanes.upstream.received > before)
  }
}

const pieces = (text: string) => text.split('').map((letter) => Buffer.from(letter))

describe('a chain', () => {
  it('delays in order, adds stacked delays, and is never early', async () => {
    using it = await rig([delayed(20), spec(delay, { name: 'second', attributes: { ms: 15 } })])
    const { client, server } = await it.connect()
    for (let n = 0; n < 10; n += 1) {
      const sent = monotonicMs()
      client.socket.write('x')
      await server.receives('x'.repeat(n + 1))
      expect(monotonicMs() - sent).to.be.at.least(35)
    }
    const { toxics } = it.proxy.evidence()
    expect(toxics).to.include({ chunksDelayed: 20, bytesDelayed: 20, bytesDropped: 0 })
    expect(toxics.delayedMs).to.be.at.least(350)
  })

  it('sends what is in hand at once when a toxic is removed, changed, or spares the connection', async () => {
    using it = await rig([spec(holder)])
    const { client, server } = await it.connect()
    await feed(it, client.socket, pieces('abc'))
    expect(it.proxy.evidence().lanes.upstream).to.deep.equal({ received: 3, sent: 0, held: 3, dropped: 0 })
    it.proxy.toxics.update('holder', { attributes: { changed: 1 } })
    await server.receives('abc')
    await feed(it, client.socket, pieces('de'))
    it.proxy.toxics.update('holder', { toxicity: 0 })
    await server.receives('abcde')
    it.proxy.toxics.update('holder', { toxicity: 1 })
    await feed(it, client.socket, pieces('fg'))
    it.proxy.toxics.remove('holder')
    await server.receives('abcdefg')
    expect(it.proxy.evidence().lanes.upstream).to.deep.equal({ received: 7, sent: 7, held: 0, dropped: 0 })
  })

  it('keeps what is in hand when a toxic is given the values that it has', async () => {
    using it = await rig([spec(holder), delayed(60_000)])
    const { client, server } = await it.connect()
    await feed(it, client.socket, pieces('abc'))
    it.proxy.toxics.update('holder', { attributes: {}, durationMs: 60_000 })
    it.proxy.toxics.update('holder', { toxicity: 0.999 })
    expect(it.proxy.evidence().lanes.upstream.held).to.equal(3)
    it.proxy.toxics.remove('holder')
    it.proxy.toxics.update('delay', { attributes: { ms: 60_000 } })
    expect(it.proxy.evidence().lanes.upstream.held).to.equal(3)
    it.proxy.toxics.update('delay', { attributes: { ms: 1 } })
    await server.receives('abc')
  })

  it('gives a toxic that is added behind another what that one has in hand', async () => {
    using it = await rig([spec(holder)])
    const { client, server } = await it.connect()
    await feed(it, client.socket, pieces('ab'))
    it.proxy.toxics.add(spec(holder, { name: 'second' }))
    it.proxy.toxics.remove('holder')
    expect(it.proxy.evidence().lanes.upstream.held).to.equal(2)
    it.proxy.toxics.remove('second')
    await server.receives('ab')
  })

  it('keeps FIN and RST behind the data', async () => {
    using it = await rig([spec(holder)])
    const ending = await it.connect()
    ending.client.socket.end('last')
    const reset = await it.connect()
    await feed(it, reset.client.socket, [Buffer.from('words')])
    reset.client.socket.resetAndDestroy()
    await until('both are in hand', () => it.proxy.evidence().lanes.upstream.held === 9)
    expect([ending.server.ended, reset.server.error]).to.deep.equal([false, undefined])
    it.proxy.toxics.remove('holder')
    await ending.server.receives('last')
    await ending.server.hasEnded()
    await reset.server.isReset()
  })

  it('lets what is aside be overtaken, but not by the end', async () => {
    const overtaken = defineToxic({
      type: 'overtaken',
      about: 'For tests: a chunk that begins with a slash may be overtaken.',
      attributes: {},
      open: (lane) => ({
        data: (chunk) =>
          chunk.bytes[0] === 47 ? lane.send(chunk, chunk.at + 30, { aside: true }) : lane.send(chunk),
      }),
    })
    using it = await rig([spec(overtaken)])
    const { client, server } = await it.connect()
    await feed(it, client.socket, pieces('a/b'))
    client.socket.end()
    await server.receives('ab')
    expect(server.ended).to.equal(false)
    await server.hasEnded()
    expect(server.received.toString()).to.equal('ab/')
  })

  it('can insert bytes into the other direction', async () => {
    const answering = defineToxic({
      type: 'answering',
      about: 'For tests.',
      attributes: {},
      open: (lane) => ({
        data(chunk) {
          lane.drop(chunk)
          lane.pair.send(Buffer.from('no'))
        },
      }),
    })
    using it = await rig([spec(answering)])
    const { client } = await it.connect()
    client.socket.write('question')
    await client.receives('no')
    expect(it.proxy.evidence().toxics.bytesDropped).to.equal(8)
  })

  it('runs nothing of a toxic that was removed', async () => {
    let fired = 0
    const timer = defineToxic({
      type: 'timer',
      about: 'For tests.',
      attributes: {},
      open(lane) {
        lane.after(5, () => (fired += 1))
        return {}
      },
    })
    using it = await rig([spec(timer, { name: 'removed' }), spec(timer, { name: 'stays' })])
    await it.connect()
    it.proxy.toxics.remove('removed')
    await until('the other has fired', () => fired > 0)
    await pause(10)
    expect(fired).to.equal(1)
  })

  it('closes what a toxic has acted on that loses data, when it goes', async () => {
    using it = await rig([spec(swallow)])
    const { client, server } = await it.connect()
    client.socket.write('lost')
    await until('it is lost', () => it.proxy.evidence().lanes.upstream.dropped === 4)
    it.proxy.toxics.remove('swallow')
    await client.isEndedWith(server)
    const { cuts, connections, toxics } = it.proxy.evidence()
    expect(cuts).to.have.lengthOf(1)
    expect(cuts[0]).to.include({ connection: 1, by: 'swallow', upstreamBytes: 4, downstreamBytes: 0 })
    expect(connections).to.include({ cutByFault: 1, closed: 1, open: 0 })
    expect(toxics).to.include({ bytesDropped: 4, connectionsCut: 1 })
  })

  it('counts for the bound of all lanes also what has become due and is not read', async () => {
    const taken = 2 ** 28 - 2 ** 20
    const budget = { held: taken }
    using it = await rig([delayed(1)], { budget })
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 ** 25))
    await until('the bound is reached', () => budget.held > 2 ** 28)
    for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(it.proxy.evidence().lanes.upstream.held).to.be.lessThan(2 ** 21)
    server.socket.resume()
    await until('all has come', () => it.proxy.evidence().lanes.upstream.sent === 2 ** 25)
    await until('nothing is counted any more', () => budget.held === taken)
  })

  it('leaves a connection that such a toxic never acted on', async () => {
    using it = await rig([spec(swallow)])
    const { client, server } = await it.connect()
    it.proxy.toxics.remove('swallow')
    client.socket.write('here')
    await server.receives('here')
    expect(it.proxy.evidence().connections).to.include({ open: 1, cutByFault: 0 })
  })

  it('holds no more than its bound, and can be changed while nobody reads', async () => {
    using it = await rig([spec(holder)])
    const { client, server } = await it.connect({ reading: false })
    client.socket.write(Buffer.alloc(2 * LANE_LIMIT))
    await until('the bound is reached', () => it.proxy.evidence().lanes.upstream.held > LANE_LIMIT)
    const { held, received } = it.proxy.evidence().lanes.upstream
    expect(held).to.be.lessThan(LANE_LIMIT + 2 ** 20)
    it.proxy.toxics.add(spec(delay, { attributes: { ms: 1 } }))
    it.proxy.toxics.remove('holder')
    it.proxy.toxics.remove('delay')
    expect(it.proxy.toxics.list()).to.deep.equal([])
    server.socket.resume()
    await until('all has come', () => it.proxy.evidence().lanes.upstream.sent === 2 * LANE_LIMIT)
    expect(received).to.be.lessThan(2 * LANE_LIMIT)
  })
})
