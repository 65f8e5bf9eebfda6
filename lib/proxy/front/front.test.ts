import { expect } from 'chai'
import * as fc from 'fast-check'
import { defineAmqpToxic } from '../../toxic/amqp.ts'
import type { Stream } from '../../toxic.ts'
import { FrameReader } from '../../wire/amqp/frame.ts'
import { asSent, cut, cuts, decode, traces } from '../../wire/amqp/trace.helper.ts'
import { rig, spec, until, type Peer, type Rig } from '../rig.helper.ts'

/** Looks at all, and never strikes. */
const watcher = defineAmqpToxic({
  type: 'watcher',
  about: 'For tests.',
  attributes: {},
  on: { upstream: ['*'], downstream: ['*'] },
  open: () => ({ strike: () => expect.fail('nothing matches') }),
})

/** What it asks for decides how much of a message is looked at. */
const NEVER: Record<string, string>[] = [
  { body: '^no body is like this$' },
  { call: 'no_call_is_called_so' },
  { method: 'basic.publish', routing_key: 'no key is like this, however long it may be' },
]

const armed = (stream: Stream, attributes = NEVER[0]) =>
  spec(watcher, { name: stream, stream, attributes: attributes ?? {} })

/** Each channel's bytes; what is no frame of any is under undefined. */
function byChannel(bytes: Buffer): Map<number | undefined, Buffer> {
  const parts = new Map<number | undefined, Buffer[]>()
  const add = (channel: number | undefined, part: Buffer): void =>
    void parts.set(channel, [...(parts.get(channel) ?? []), part])
  const reader = new FrameReader({ onFrame: ({ channel, raw }) => add(channel, raw) })
  reader.push(bytes)
  add(undefined, bytes.subarray(reader.offset))
  return new Map([...parts].map(([channel, all]) => [channel, Buffer.concat(all)]))
}

/** One side's part: what it writes, how it is cut, and before which pieces a toxic comes or goes. */
const side = (stream: Stream) =>
  fc.record({
    stream: fc.constant(stream),
    trace: traces,
    cuts,
    changes: fc.array(fc.constantFrom('none', 'add', 'remove', 'none'), { minLength: 1, maxLength: 8 }),
    waits: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    asks: fc.constantFrom(...NEVER),
  })
type Side = ReturnType<typeof side> extends fc.Arbitrary<infer T> ? T : never

function change({ proxy: { toxics } }: Rig, what: string | undefined, { stream, asks }: Side): void {
  if (what === 'remove') toxics.remove(stream)
  else if (what === 'add' && !toxics.get(stream)) toxics.add(armed(stream, asks))
}

/** Writes one side's pieces, in the middle of which toxics come and go. */
async function play(it: Rig, side: Side, bytes: Buffer, from: Peer, at = 0) {
  const { stream, cuts: lengths, changes, waits } = side
  const received = () => it.proxy.connections().at(-1)?.[`${stream}Bytes`] ?? 0
  let sent = at
  for (const [index, piece] of cut(bytes, lengths).entries()) {
    change(it, changes[index % changes.length], side)
    from.socket.write(piece)
    sent += piece.length
    if (waits[index % waits.length] === true) await until('the proxy has it', () => received() >= sent)
  }
}

/** Both sides write at once, the client first, as clients do; and what each has got of the other in the end. */
async function exchange(it: Rig, client: Side, server: Side, bytes: Record<Stream, Buffer>) {
  const pair = await it.connect()
  const first = bytes.upstream.subarray(0, 1)
  pair.client.socket.write(first)
  await until('its first byte is there', () => pair.server.received.length > 0)
  await Promise.all([
    play(it, client, bytes.upstream.subarray(1), pair.client, 1),
    play(it, server, bytes.downstream, pair.server),
  ])
  pair.client.socket.end()
  pair.server.socket.end()
  await pair.server.hasEnded()
  await pair.client.hasEnded()
  it.proxy.toxics.clear()
  return { upstream: pair.server.received, downstream: pair.client.received }
}

const STREAMS = ['upstream', 'downstream'] as const

/** The messages that are whole, channel by channel. */
const whole = (lane: Buffer) =>
  decode([lane])
    .messages.map(asSent)
    .toSorted((a, b) => a.channel - b.channel)

describe('what goes on message by message, while toxics that never strike come and go', () => {
  it('is what came: each channel byte by byte, and all of it', async function () {
    this.timeout(30_000)
    using it = await rig([], { follows: () => true })
    await fc.assert(
      fc.asyncProperty(side('upstream'), side('downstream'), async (client, server) => {
        const bytes = { upstream: client.trace.bytes, downstream: server.trace.bytes }
        const got = await exchange(it, client, server, bytes)
        for (const stream of STREAMS)
          expect(
            byChannel(got[stream]),
            `${stream} ${got[stream].length} of ${bytes[stream].length}`,
          ).to.deep.equal(byChannel(bytes[stream]))
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('is what came also where a side ends in the middle of a message', async function () {
    this.timeout(30_000)
    using it = await rig([], { follows: () => true })
    await fc.assert(
      fc.asyncProperty(
        side('upstream'),
        side('downstream'),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        async (client, server, share) => {
          const short = (bytes: Buffer) => bytes.subarray(0, Math.max(9, Math.floor(bytes.length * share)))
          const bytes = { upstream: short(client.trace.bytes), downstream: short(server.trace.bytes) }
          const got = await exchange(it, client, server, bytes)
          for (const stream of STREAMS) {
            expect(got[stream]).to.have.length(bytes[stream].length)
            expect(whole(got[stream])).to.deep.equal(whole(bytes[stream]))
          }
        },
      ),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('is what came also from where a lane is not understood any more', async function () {
    this.timeout(30_000)
    using it = await rig([], { follows: () => true })
    const rubbish = fc
      .uint8Array({ minLength: 1, maxLength: 300 })
      .map((bytes) => Buffer.from([99, ...bytes, 1, 2, 3, 4, 5, 6, 7]))
    await fc.assert(
      fc.asyncProperty(side('upstream'), side('downstream'), rubbish, async (client, server, behind) => {
        const upstream = Buffer.concat([client.trace.bytes, behind])
        const got = await exchange(it, client, server, { upstream, downstream: server.trace.bytes })
        expect(got.upstream).to.have.length(upstream.length)
        expect(got.upstream.subarray(-behind.length).equals(behind)).to.equal(true)
        const understood = got.upstream.subarray(0, -behind.length)
        expect(byChannel(understood)).to.deep.equal(byChannel(client.trace.bytes))
        expect(got.downstream).to.have.length(server.trace.bytes.length)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('passes what is neither AMQP nor PostgreSQL as it is', async () => {
    using it = await rig([armed('upstream')], { follows: () => true })
    const { client, server } = await it.connect()
    server.socket.write('220 good morning\r\n')
    await client.receives('220 good morning\r\n')
    client.socket.write('HELO\r\n')
    await server.receives('HELO\r\n')
    it.proxy.toxics.clear()
    client.socket.end('QUIT\r\n')
    await server.receives('HELO\r\nQUIT\r\n')
    await server.hasEnded()
    expect(it.events.filter(({ kind }) => kind === 'toxic.spared')).to.have.length(1)
  })
})
