import { expect } from 'chai'
import * as fc from 'fast-check'
import { holder, rig, spec, until, type Peer, type Rig } from '../lib/proxy/rig.helper.ts'
import type { Stream } from '../lib/toxic.ts'
import bandwidth from './bandwidth.ts'
import latency from './latency.ts'
import limitData from './limit_data.ts'
import noop from './noop.ts'
import resetPeer from './reset_peer.ts'
import slicer from './slicer.ts'
import slowClose from './slow_close.ts'

const streams = ['upstream', 'downstream'] as const

/** Every toxic that drops nothing, or does not while its values do not fire. */
const definitions = [latency, bandwidth, slicer, slowClose, noop, holder, limitData, resetPeer]

const change = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  what: fc.constantFrom('add', 'update', 'remove'),
  definition: fc.constantFrom(...definitions),
  stream: fc.constantFrom(...streams),
  small: fc.integer({ min: 0, max: 4 }),
  scope: fc.constantFrom('connection', 'proxy'),
  toxicity: fc.constantFrom(0, 0.5, 1),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  waits: fc.boolean(),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

const FAR = 1_000_000

/** Values for every attribute of every type. */
const valuesOf = ({ small, scope }: Change) => ({
  latency: small,
  jitter: small,
  rate: small + 1,
  scope,
  average_size: small + 1,
  size_variation: small,
  delay: scope === 'proxy' ? small * 100 : small,
  bytes: FAR,
  timeout: FAR,
})

function apply({ proxy }: Rig, one: Change): void {
  const { name, what, definition, stream, toxicity } = one
  const there = proxy.toxics.get(name)
  const values = valuesOf(one)
  const attributesOf = ({ attributes }: typeof definition) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => key in attributes))
  if (what === 'remove') proxy.toxics.remove(name)
  else if (there) {
    if (what === 'update') {
      proxy.toxics.update(name, {
        toxicity,
        attributes: spec(there.definition, { attributes: attributesOf(there.definition) }).attributes,
      })
    }
  } else if (what === 'add') {
    proxy.toxics.add(spec(definition, { name, stream, toxicity, attributes: attributesOf(definition) }))
  }
}

const sentBy = (changes: readonly Change[], stream: Stream) =>
  Buffer.concat(changes.filter((one) => one.stream === stream).map(({ bytes }) => bytes))

/** Sends each change's bytes in the direction of its toxic, while it is made. */
async function play(it: Rig, changes: readonly Change[], peers: Record<Stream, Peer>): Promise<void> {
  for (const one of changes) {
    const received = () => it.proxy.evidence().lanes[one.stream].received
    apply(it, one)
    const before = received()
    peers[one.stream].socket.write(one.bytes)
    if (one.waits) await until('the proxy has it', () => received() > before)
  }
}

describe('adding, changing and removing toxics at random moments', () => {
  it('loses no byte and keeps their order, in both directions, until and including the close', async function () {
    this.timeout(30_000)
    using it = await rig()
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
        it.proxy.toxics.clear()
        const { client, server } = await it.connect()
        await play(it, changes, { upstream: client, downstream: server })
        client.socket.end()
        for (const toxic of it.proxy.toxics.list()) {
          if (toxic.definition === holder) it.proxy.toxics.remove(toxic.name)
        }
        await server.hasEnded()
        expect(server.received.equals(sentBy(changes, 'upstream'))).to.equal(true)
        expect(client.ended).to.equal(false)
        server.socket.end()
        await client.hasEnded()
        expect(client.received.equals(sentBy(changes, 'downstream'))).to.equal(true)
        expect([client.error, server.error]).to.deep.equal([undefined, undefined])
      }),
      { numRuns: 50, endOnFailure: true },
    )
    await until('all are gone', () => it.proxy.connections().length === 0)
    const { lanes, toxics } = it.proxy.evidence()
    for (const lane of Object.values(lanes)) {
      expect(lane).to.include({ sent: lane.received, held: 0, dropped: 0 })
    }
    expect(toxics.chunksDelayed).to.be.greaterThan(0)
  })
})
