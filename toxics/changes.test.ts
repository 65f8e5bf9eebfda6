import { expect } from 'chai'
import * as fc from 'fast-check'
import { holder, rig, spec, until, type Rig } from '../lib/proxy/rig.helper.ts'
import bandwidth from './bandwidth.ts'
import latency from './latency.ts'
import noop from './noop.ts'

const names = ['a', 'b', 'c']

const change = fc.record({
  name: fc.constantFrom(...names),
  what: fc.constantFrom('add', 'update', 'remove'),
  type: fc.constantFrom(latency, bandwidth, noop, holder),
  ms: fc.integer({ min: 0, max: 4 }),
  toxicity: fc.constantFrom(0, 0.5, 1),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  waits: fc.boolean(),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function apply({ proxy }: Rig, { name, what, type, ms, toxicity }: Change): void {
  const attributes = { latency: ms, jitter: ms, rate: ms + 1 }
  if (what === 'remove') proxy.toxics.remove(name)
  else if (what === 'update') proxy.toxics.update(name, { toxicity, attributes })
  else if (!proxy.toxics.get(name)) proxy.toxics.add(spec(type, { name, toxicity, attributes }))
}

describe('adding, changing and removing toxics at random moments', () => {
  it('loses no byte and keeps their order', async function () {
    this.timeout(20_000)
    using it = await rig()
    const received = () => it.proxy.evidence().lanes.upstream.received
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
        it.proxy.toxics.clear()
        const { client, server } = await it.connect()
        for (const one of changes) {
          apply(it, one)
          const before = received()
          client.socket.write(one.bytes)
          if (one.waits) await until('the proxy has it', () => received() > before)
        }
        client.socket.end()
        for (const toxic of it.proxy.toxics.list()) {
          if (toxic.definition === holder) it.proxy.toxics.remove(toxic.name)
        }
        await server.hasEnded()
        const sent = Buffer.concat(changes.map(({ bytes }) => bytes))
        expect(server.received.equals(sent)).to.equal(true)
        server.socket.end()
      }),
      { numRuns: 50 },
    )
    await until('all are gone', () => it.proxy.connections().length === 0)
    const { lanes, toxics } = it.proxy.evidence()
    expect(lanes.upstream).to.include({ sent: lanes.upstream.received, held: 0, dropped: 0 })
    expect(toxics.chunksDelayed).to.be.greaterThan(0)
  })
})
