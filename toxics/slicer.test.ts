import { expect } from 'chai'
import { rig, spec, until } from '../lib/proxy/rig.helper.ts'
import { defineToxic } from '../lib/toxic.ts'
import { monotonicMs } from '../lib/util/clock.ts'
import latency from './latency.ts'
import slicer from './slicer.ts'

/** A toxic that notes what comes to it, and when. */
function recorder() {
  const sizes: number[] = []
  const times: number[] = []
  const definition = defineToxic({
    type: 'recorder',
    about: 'For tests.',
    attributes: {},
    open: (lane) => ({
      data(chunk) {
        sizes.push(chunk.bytes.length)
        times.push(chunk.at)
        lane.send(chunk)
      },
    }),
  })
  return { sizes, times, toxic: spec(definition) }
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index % 251))

describe('slicer', () => {
  it('cuts into pieces of its size, and the rest', async () => {
    const { sizes, toxic } = recorder()
    using it = await rig([spec(slicer, { attributes: { average_size: 30 } }), toxic])
    const { client, server } = await it.connect()
    client.socket.write(bytes(100))
    await until('all has come', () => server.received.length === 100)
    expect(sizes).to.deep.equal([30, 30, 30, 10])
    expect(server.received.equals(bytes(100))).to.equal(true)
    expect(it.proxy.connections()[0]?.toxics[0]).to.deep.equal({ name: 'slicer', acted: true })
  })

  it('has not acted on what is no larger than its pieces', async () => {
    using it = await rig([spec(slicer, { attributes: { average_size: 100 } })])
    const { client, server } = await it.connect()
    client.socket.write('small')
    await server.receives('small')
    expect(it.proxy.connections()[0]?.toxics[0]).to.deep.equal({ name: 'slicer', acted: false })
  })

  it('varies their sizes, and gets on with a variation that is larger than the average', async () => {
    for (const [average, variation] of [
      [20, 5],
      [3, 50],
    ] as const) {
      const { sizes, toxic } = recorder()
      const attributes = { average_size: average, size_variation: variation }
      using it = await rig([spec(slicer, { attributes }), toxic])
      const { client, server } = await it.connect()
      client.socket.write(bytes(1000))
      await until('all has come', () => server.received.length === 1000)
      for (const size of sizes.slice(0, -1)) {
        expect(size).to.be.within(Math.max(average - variation, 1), average + variation)
      }
      expect(new Set(sizes).size).to.be.greaterThan(3)
      expect(server.received.equals(bytes(1000))).to.equal(true)
    }
  })

  it('delays from one piece to the next, across chunks, on a live connection', async () => {
    const { times, toxic } = recorder()
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.write('before')
    await server.receives('before')
    it.proxy.toxics.add(spec(slicer, { attributes: { average_size: 10, delay: 5000 } }))
    it.proxy.toxics.add(toxic)
    const begun = monotonicMs()
    client.socket.write(bytes(40))
    await until('the first piece has come', () => server.received.length > 6)
    client.socket.write(bytes(20))
    await until('all has come', () => server.received.length === 66)
    expect(times).to.have.lengthOf(6)
    for (const [index, at] of times.entries()) expect(at - begun).to.be.at.least(index * 5)
  })

  it('lets each piece arrive on its own, also behind a latency', async () => {
    const slow = spec(slicer, { attributes: { average_size: 10, delay: 4000 } })
    using it = await rig([slow, spec(latency, { attributes: { latency: 20 } })])
    const { client, server } = await it.connect()
    const arrived: number[] = []
    server.socket.on('data', ({ length }: Buffer) => arrived.push(length))
    client.socket.write(bytes(50))
    await until('all has come', () => server.received.length === 50)
    // A busy machine may read two at once.
    expect(arrived.length).to.be.at.least(3)
  })

  it('is changed and removed under load: what is in hand is cut anew, or leaves at once, in order', async () => {
    const { sizes, toxic } = recorder()
    using it = await rig([spec(slicer, { attributes: { average_size: 1, delay: 1_000_000 } }), toxic])
    const { client, server } = await it.connect()
    client.socket.write(bytes(1000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held === 999)
    it.proxy.toxics.update('slicer', spec(slicer, { attributes: { average_size: 400, delay: 1_000_000 } }))
    await until('a new piece has left', () => it.proxy.evidence().lanes.upstream.held === 599)
    it.proxy.toxics.remove('slicer')
    await until('all has come', () => server.received.length === 1000)
    expect(server.received.equals(bytes(1000))).to.equal(true)
    expect(sizes).to.deep.equal([1, 400, 599])
  })

  it('of single bytes lets the event loop go on', async () => {
    const { sizes, toxic } = recorder()
    using it = await rig([spec(slicer, { attributes: { average_size: 1 } }), toxic])
    const { client, server } = await it.connect()
    let [most, seen] = [0, 0]
    let turn: NodeJS.Immediate
    const look = () => {
      most = Math.max(most, sizes.length - seen)
      seen = sizes.length
      turn = setImmediate(look)
    }
    look()
    client.socket.write(bytes(20_000))
    await until('all has come', () => server.received.length === 20_000)
    clearImmediate(turn!)
    expect(server.received.equals(bytes(20_000))).to.equal(true)
    // What comes and what is released may meet in one turn of the loop.
    expect(most).to.be.within(1, 1024)
  })

  it('spares whom toxicity spares', async () => {
    const { sizes, toxic } = recorder()
    using it = await rig([spec(slicer, { toxicity: 0, attributes: { average_size: 1 } }), toxic])
    const { client, server } = await it.connect()
    client.socket.write('whole')
    await server.receives('whole')
    expect(sizes).to.deep.equal([5])
  })
})
