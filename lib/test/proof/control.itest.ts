import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openJournal, readJournal } from '../../ledger/journal.ts'
import type { Entry } from '../../ledger/entries.ts'
import { judge } from '../../ledger/verdict.ts'
import type { Verdict } from '../../ledger/verdict-document.ts'
import { mistralVersion, traitsOf } from '../../mistral/versions.ts'
import type { Stream } from '../../toxic.ts'
import { seededRandom } from '../../util/random.ts'
import { layHome, type Home } from '../gate.helper.ts'
import { captureLacks, captureLeftOut } from './capture.helper.ts'
import { controlRun, python, type ControlRun } from './control.helper.ts'
import { decodeAmqp, decodePostgres } from './decoded.helper.ts'
import { journaledLines, tracedLines } from './journaled.helper.ts'
import { entryMutations, rowMutations, swaps, type Mutation } from './mutations.helper.ts'
import { only, streamName, streamsOf } from './pcap.helper.ts'
import { dissectAmqp, dissectPostgres, type Dissected } from './tshark.helper.ts'
import { laneOf, type Witnessed } from './witness.helper.ts'

/** It boots a cluster, runs every kind of workflow on it and waits until it has settled. */
const RUN_LIMIT_MS = 150_000
/** Judging a journal takes a millisecond or two, and there are thousands of mutations. */
const MUTATIONS_LIMIT_MS = 60_000
const NOTHING = Buffer.alloc(0)
const STREAMS: readonly Stream[] = ['upstream', 'downstream']

const { rpcDrivers } = traitsOf(await mistralVersion(python()))

for (const rpc of rpcDrivers)
  describe(`a control run under ${rpc}`, () => {
    let home: Home
    let run: ControlRun

    before(async function runIt() {
      this.timeout(RUN_LIMIT_MS)
      home = layHome()
      run = await controlRun(rpc, home.cwd)
    })

    after(() => home[Symbol.dispose]())

    it('is valid, each message done once', () => {
      expect(run.verdict.reasons).to.deep.equal([])
      expect(run.verdict.counts.messages.judged).to.be.above(50)
    })

    describe('as a capture shows it', () => {
      before(function canCapture() {
        const lacks = captureLeftOut(captureLacks(), process.env['CI'])
        if (lacks === undefined) return
        console.log(`      skipped: ${lacks}`)
        this.skip()
      })

      it('has passed every lane byte by byte', () => {
        const ports = new Set([...run.listening.values(), ...Object.values(run.ports)])
        const streams = streamsOf(only(captured(run), ports))
        expect(run.connections).to.have.length.above(10)
        expect(run.connections.flatMap((one) => changedOn(one, run, streams))).to.deep.equal([])
      })

      it('has the AMQP methods that tshark sees, in their order', async () => {
        const port = run.ports.rabbitmq
        const theirs = await dissectAmqp(captureFile(run, home), port)
        expect([...theirs.values()].flat()).to.have.length.above(1000)
        const ours = onService(run, 'rabbitmq')
        expect(ours.flatMap((one) => otherwise(one, decodeAmqp(one), theirs, port))).to.deep.equal([])
      })

      it('has the PostgreSQL messages that tshark sees, in their order', async () => {
        const port = run.ports.postgres
        const theirs = await dissectPostgres(captureFile(run, home), port)
        expect([...theirs.values()].flat()).to.have.length.above(5000)
        const ours = onService(run, 'postgres')
        expect(ours.flatMap((one) => otherwise(one, decodePostgres(one), theirs, port))).to.deep.equal([])
      })
    })

    it("has the publishes, routes and deliveries that RabbitMQ's own tracer tells", () => {
      const ports = new Set(run.connections.flatMap(({ ports: own }) => own?.upstreamLocal ?? []))
      const theirs = tracedLines(run.traced, ports)
      expect(theirs).to.have.length.above(200)
      expect(journaledLines(run.entries)).to.deep.equal(theirs)
    })

    it('is never valid, and the verdict names what was touched, if anything in its journal is missing or there twice', function everywhere() {
      this.timeout(MUTATIONS_LIMIT_MS)
      const mutations = [
        ...entryMutations(run.judged, run.scenario),
        ...rowMutations(run.judged, run.scenario),
      ]
      expect(mutations).to.have.length.above(1000)
      const unnoticed = mutations.filter((mutation) => !isNoticed(mutation, verdictOn(mutation, run)))
      expect(unnoticed.map(({ what }) => what)).to.deep.equal([])
    })

    it('is judged the same if neighbours of different connections change places', function everywhere() {
      this.timeout(MUTATIONS_LIMIT_MS)
      const swapped = [...swaps(run.judged, run.scenario)]
      expect(swapped).to.have.length.above(200)
      const { outcome, counts } = run.verdict
      for (const mutation of swapped) {
        const told = verdictOn(mutation, run)
        expect({ outcome: told.outcome, counts: told.counts }, mutation.what).to.deep.equal({
          outcome,
          counts,
        })
      }
    })

    it('is judged the same from a file that was written anew, also where it was falsified', async function fromFile() {
      this.timeout(MUTATIONS_LIMIT_MS)
      const random = seededRandom('proof', rpc)
      const all = [...entryMutations(run.judged, run.scenario), ...swaps(run.judged, run.scenario)]
      const some = all.filter(() => random() < SAMPLED / all.length)
      for (const entries of [run.judged, ...some.map((mutation) => mutation.entries)])
        expect(judge(await rewritten(entries, home), run.scenario)).to.deep.equal(
          judge(entries, run.scenario),
        )
    })
  })

/** Of the mutations that are written to a file and read back. */
const SAMPLED = 20

const verdictOn = ({ entries }: Mutation, { scenario }: ControlRun): Verdict => judge(entries, scenario)

const isNoticed = ({ about }: Mutation, { outcome, reasons }: Verdict): boolean =>
  outcome !== 'valid' &&
  reasons.some(({ ids, text }) => about.some((id) => ids.includes(id) || text.includes(id)))

/** Through a file, with ordinals and checksums of its own. */
async function rewritten(entries: readonly Entry[], home: Home): Promise<Entry[]> {
  let now = 0
  const journal = openJournal(join(home.cwd, 'rewritten.ndjson'), { now: () => now })
  for (const { ordinal: _ordinal, at, checksum: _checksum, ...fact } of entries) {
    now = at
    journal.append(fact)
  }
  await journal.close()
  const { entries: read, broken } = await readJournal(journal.file)
  expect(broken).to.equal(undefined)
  return read
}

function captured({ pcap }: ControlRun): Buffer {
  if (!pcap) throw new Error('nothing was captured')
  return pcap
}

/** Only what passed between our proxies and the services: what tshark need not read costs seconds. */
function captureFile(run: ControlRun, home: Home): string {
  const file = join(home.cwd, 'services.pcap')
  writeFileSync(file, only(captured(run), new Set(Object.values(run.ports))))
  return file
}

const onService = ({ connections }: ControlRun, service: 'rabbitmq' | 'postgres'): Witnessed[] =>
  connections.filter(({ link }) => link.endsWith(`.${service}`))

/** Where what a proxy was sent, what it has sent on and what its tap saw are not the same bytes. */
function changedOn(
  connection: Witnessed,
  { listening, ports }: ControlRun,
  streams: ReadonlyMap<string, Buffer>,
): string[] {
  const { link, ports: own } = connection
  const proxy = listening.get(link)
  if (!own || proxy === undefined) return [`connection ${connection.connection} of ${link} went nowhere`]
  const service = link.endsWith('.rabbitmq') ? ports.rabbitmq : ports.postgres
  const seen: [Stream, string, string][] = [
    ['upstream', streamName(own.client, proxy), streamName(own.upstreamLocal, service)],
    ['downstream', streamName(service, own.upstreamLocal), streamName(proxy, own.client)],
  ]
  return seen.flatMap(([stream, before, after]) => {
    const [sent, passed] = [before, after].map((name) => streams.get(name) ?? NOTHING) as [Buffer, Buffer]
    const tapped = laneOf(connection, stream)
    if (sent.equals(passed) && sent.equals(tapped)) return []
    const lengths = `${sent.length} bytes were sent, ${passed.length} passed on, ${tapped.length} tapped`
    return [`connection ${connection.connection} of ${link}, ${stream}: ${lengths}`]
  })
}

/** Where we and tshark do not see the same on a connection. */
function otherwise(
  { link, connection, ports }: Witnessed,
  ours: Record<Stream, string[]>,
  theirs: Dissected,
  service: number,
): string[] {
  const own = ports?.upstreamLocal ?? 0
  const names = { upstream: streamName(own, service), downstream: streamName(service, own) }
  return STREAMS.flatMap((stream) => {
    const [mine, seen] = [ours[stream], theirs.get(names[stream]) ?? []]
    const length = Math.max(mine.length, seen.length)
    const at = Array.from({ length }, (_, n) => n).find((n) => mine[n] !== seen[n])
    if (at === undefined) return []
    const where = `connection ${connection} of ${link}, ${stream}, number ${at + 1} of ${length}`
    return [`${where}: we see ${mine[at]}, tshark sees ${seen[at]}`]
  })
}
