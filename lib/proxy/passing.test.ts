import { expect } from 'chai'
import * as fc from 'fast-check'
import noop from '../../toxics/noop.ts'
import { defineToxic } from '../toxic.ts'
import { delay, holder, rig, spec, until, type Peer, type Rig } from './rig.helper.ts'

/** Reads of every size: what is freed by hand, what is written in its turn, and what is neither. */
const step = fc.record({
  from: fc.constantFrom('client', 'server'),
  size: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 8000, max: 300_000 })),
  toxic: fc.constantFrom(noop, holder, delay, undefined),
  stream: fc.constantFrom('upstream', 'downstream'),
  what: fc.constantFrom('add', 'update', 'remove'),
  reads: fc.boolean(),
  waits: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Bytes of which no two pieces are alike. */
function numbered(from: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let n = 0; n < size; n += 1) bytes[n] = ((from + n) * 2_654_435_761) >>> 24
  return bytes
}

function change({ proxy }: Rig, { toxic, stream, what }: Step): void {
  if (!toxic) return
  const name = `${toxic.type} ${stream}`
  const there = proxy.toxics.get(name)
  if (what === 'remove') proxy.toxics.remove(name)
  else if (what === 'update')
    proxy.toxics.update(name, { attributes: { ms: there?.attributes['ms'] === 1 ? 2 : 1 } })
  else if (!there)
    proxy.toxics.add(spec(toxic, { name, stream, attributes: toxic === delay ? { ms: 1 } : {} }))
}

async function play(it: Rig, steps: readonly Step[], peers: Record<Step['from'], Peer>) {
  const sent = { client: 0, server: 0 }
  for (const one of steps) {
    change(it, one)
    const peer = peers[one.from]
    const opposite = peers[one.from === 'client' ? 'server' : 'client']
    if (one.reads) opposite.socket.resume()
    else opposite.socket.pause()
    peer.socket.write(numbered(sent[one.from], one.size))
    sent[one.from] += one.size
    if (one.waits) await new Promise((resolve) => setImmediate(resolve))
  }
  return sent
}

describe('passing while toxics come and go', () => {
  it('gives the very bytes, large and small, read at once or late', async function () {
    this.timeout(20_000)
    using it = await rig()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        it.proxy.toxics.clear()
        const { client, server } = await it.connect()
        const sent = await play(it, steps, { client, server })
        client.socket.end()
        server.socket.end()
        for (const { name } of it.proxy.toxics.list().filter(({ definition }) => definition === holder))
          it.proxy.toxics.remove(name)
        client.socket.resume()
        server.socket.resume()
        await until('both have ended', () => client.ended && server.ended)
        expect(server.received.equals(numbered(0, sent.client)), 'upstream').to.equal(true)
        expect(client.received.equals(numbered(0, sent.server)), 'downstream').to.equal(true)
      }),
      { numRuns: 25, endOnFailure: true },
    )
    await until('all are gone', () => it.proxy.connections().length === 0)
    for (const lane of Object.values(it.proxy.evidence().lanes))
      expect(lane).to.include({ sent: lane.received, held: 0, dropped: 0 })
  })

  it('gives the very bytes to a destination that has kept a lane waiting', async () => {
    using it = await rig()
    const { client, server } = await it.connect({ reading: false })
    const sent = numbered(0, 2 ** 24)
    client.socket.end(sent)
    await until('it is stalled', () => it.proxy.connections()[0]?.stalled?.[0] === 'upstream')
    const received: Buffer[] = []
    server.socket.on('data', (bytes: Buffer) => received.push(bytes))
    await server.hasEnded()
    expect(Buffer.concat(received).equals(sent)).to.equal(true)
  })

  it('leaves whole what a tap or a toxic keeps', async () => {
    const kept: Record<string, Buffer[]> = { tap: [], toxic: [] }
    const keeper = defineToxic({
      type: 'keeper',
      about: 'For tests.',
      attributes: {},
      open: (lane) => ({
        data(chunk) {
          kept['toxic']?.push(chunk.bytes)
          lane.send(chunk)
        },
      }),
    })
    const tapOf = (stream: string) =>
      stream === 'downstream'
        ? { arrived: (bytes: Buffer) => void kept['tap']?.push(bytes), altered: () => {} }
        : undefined
    using it = await rig([spec(keeper)], { tap: (_proxy, _connection, stream) => tapOf(stream) })
    const { client, server } = await it.connect()
    const sent = numbered(0, 2 ** 20)
    client.socket.write(sent)
    server.socket.write(sent)
    await until('all has come', () => client.received.length + server.received.length === 2 ** 21)
    for (const [who, bytes] of Object.entries(kept))
      expect(Buffer.concat(bytes).equals(sent), who).to.equal(true)
  })

  it('gives the system all that was in hand before it resets', async () => {
    using it = await rig([spec(holder)])
    const { client, server } = await it.connect()
    client.socket.write(numbered(0, 200_000))
    await until('it is in hand', () => it.proxy.evidence().lanes.upstream.held === 200_000)
    client.socket.resetAndDestroy()
    await new Promise((resolve) => client.socket.once('close', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    it.proxy.toxics.remove('holder')
    await server.isReset()
    expect(it.proxy.evidence().lanes.upstream).to.deep.equal({
      received: 200_000,
      sent: 200_000,
      held: 0,
      dropped: 0,
    })
  })
})
