import { expect } from 'chai'
import { rig, spec, until, type Peer } from '../lib/proxy/rig.helper.ts'
import type { AttributeValues, Stream, ToxicDefinition } from '../lib/toxic.ts'
import { toxics } from './index.ts'

const FAR = 1_000_000

/** Values with which every toxic is in place and cuts nothing. */
const VALUES: AttributeValues = {
  latency: 2,
  jitter: 2,
  rate: 50_000,
  delay: 1,
  average_size: 3000,
  size_variation: 1000,
  timeout: FAR,
  bytes: FAR * 1000,
}

const withValues = (definition: ToxicDefinition, stream: Stream, toxicity: number) => {
  const known = Object.entries(VALUES).filter(([name]) => name in definition.attributes)
  return spec(definition, { name: 'it', stream, toxicity, attributes: Object.fromEntries(known) })
}

/** A sender of numbered bytes that goes on until told. */
function load(from: Peer) {
  const sent: Buffer[] = []
  const timer = setInterval(() => {
    const bytes = Buffer.alloc(5000, sent.length + 1)
    sent.push(bytes)
    from.socket.write(bytes)
  }, 1)
  return { sent: () => Buffer.concat(sent), stop: () => clearInterval(timer) }
}

describe('every toxic', () => {
  for (const definition of toxics)
    for (const stream of ['upstream', 'downstream'] as const) {
      it(`${definition.type}, ${stream}, is added, changed and removed under load, on live and on new connections`, async () => {
        using it = await rig()
        const { toxics } = it.proxy
        const live = await it.connect()
        const [from, to] = stream === 'upstream' ? [live.client, live.server] : [live.server, live.client]
        const traffic = load(from)
        try {
          await until('it flows', () => to.received.length > 0)
          toxics.add(withValues(definition, stream, 1))
          const fresh = await it.connect()
          const acting = it.proxy.connections().map((one) => one.toxics.map(({ name }) => name))
          // Messages can be told only on a connection that was followed from its beginning.
          expect(acting).to.deep.equal([definition.strikes ? [] : ['it'], ['it']])
          if (definition.closesWhenRemoved && !definition.strikes) {
            toxics.remove('it')
            for (const { client, server } of [live, fresh]) await client.isEndedWith(server)
            expect(to.received.equals(traffic.sent().subarray(0, to.received.length))).to.equal(true)
            return
          }
          const before = to.received.length
          await until('it flows through the toxic', () => to.received.length > before)
          toxics.update('it', withValues(definition, stream, 1))
          toxics.remove('it')
          traffic.stop()
          await until('all has come', () => to.received.length === traffic.sent().length)
          expect(to.received.equals(traffic.sent())).to.equal(true)
          expect(it.proxy.evidence().connections).to.include({ open: 2, closed: 0 })
        } finally {
          traffic.stop()
        }
      })

      it(`${definition.type}, ${stream}, leaves alone whom toxicity spares`, async () => {
        using it = await rig([withValues(definition, stream, 0)])
        const { client, server } = await it.connect()
        client.socket.write('there')
        await server.receives('there')
        server.socket.write('back')
        await client.receives('back')
        it.proxy.toxics.update('it', withValues(definition, stream, 0))
        it.proxy.toxics.remove('it')
        expect(it.proxy.evidence().connections).to.include({ open: 1, closed: 0 })
        const { chunksDelayed, bytesDropped, connectionsCut } = it.proxy.evidence().toxics
        expect([chunksDelayed, bytesDropped, connectionsCut]).to.deep.equal([0, 0, 0])
      })
    }
})
