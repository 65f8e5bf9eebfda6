import { join } from 'node:path'
import { DEBIAN_PYTHON } from '../../cluster/programs.ts'
import { NODE_KINDS } from '../../cluster/state.ts'
import type { Entry, Rpc } from '../../ledger/entries.ts'
import type { Verdict } from '../../ledger/verdict-document.ts'
import { Run } from '../../scenario/run.ts'
import { openSession, type Session } from '../../scenario/session.ts'
import { poll } from '../../util/poll.ts'
import { captureLacks, startCapture } from './capture.helper.ts'
import { openFirehose, type Traced } from './firehose.helper.ts'
import { portOf, witness, type Witnessed } from './witness.helper.ts'

/** Everything that was seen of one control run, by us and by others. */
export interface ControlRun {
  rpc: Rpc
  scenario: string
  /** When the verdict was given, and when everything had come to rest. */
  judged: readonly Entry[]
  entries: readonly Entry[]
  verdict: Verdict
  connections: readonly Witnessed[]
  traced: readonly Traced[]
  /** In libpcap's format; undefined: nothing could be captured here. */
  pcap: Buffer | undefined
  /** Where the proxies listen, by link. */
  listening: ReadonlyMap<string, number>
  ports: { rabbitmq: number; postgres: number }
}

const SCENARIO = 'proof/1'
const NODES = { api: 1, engine: 2, executor: 2 }

/** The interpreter whose Mistral is to be tried. */
export const python = (): string => process.env['CROSSWIND_MISTRAL_PYTHON'] || DEBIAN_PYTHON

/** Boots a cluster, runs the control suite's load on it, lets everything come to rest and takes it down. */
export async function controlRun(rpc: Rpc, folder: string): Promise<ControlRun> {
  const seen = witness()
  const capture = captureLacks() === undefined ? await startCapture() : undefined
  // Nodes come when everybody looks: from the first byte of their first connection on.
  await using session = await openSession({
    name: `proof-${rpc}`,
    sizes: { api: 0, engine: 0, executor: 0 },
    rpc,
    seed: 'proof',
    python: python(),
    folder: join(folder, rpc),
    run: `proof-${rpc}`,
    replay: 'npm test',
    watch: seen,
    onStep: () => {},
  })
  const firehose = await openFirehose(session)
  await startNodes(session)
  const { verdict, judged } = await load(session)
  await freeze(session)
  const traced = await firehose.end()
  const pcap = await capture?.end()
  await session.journal.flush()
  // All before the end of the cluster, which would be seen too.
  return {
    rpc,
    scenario: SCENARIO,
    judged,
    entries: [...session.journal.entries()],
    verdict,
    connections: seen.connections(),
    traced,
    pcap,
    listening: new Map(session.tap.proxies().map(({ name, listen }) => [name, portOf(listen)])),
    ports: { rabbitmq: session.cluster.rabbitmq.port, postgres: session.cluster.postgres.port },
  }
}

async function startNodes({ cluster }: Session): Promise<void> {
  const starts = NODE_KINDS.flatMap((kind) =>
    Array.from({ length: NODES[kind] }, (_, n) => cluster.start(kind, `${kind}-${n + 1}`)),
  )
  await Promise.all(starts)
}

async function load(session: Session): Promise<{ verdict: Verdict; judged: Entry[] }> {
  session.record({ kind: 'scenario.begun', scenario: SCENARIO, suite: 'proof', promise: 'nothing is broken' })
  const run = new Run(session, SCENARIO)
  await run.begin()
  await run.start('sequence', { tasks: 5 })
  await run.start('parallel', { tasks: 5 })
  await run.start('with-items', { items: 10 })
  await run.start('complex')
  const verdict = await run.verdict({ faultless: true })
  await run.end()
  session.record({ kind: 'scenario.ended', scenario: SCENARIO })
  await session.journal.flush()
  return { verdict, judged: [...session.journal.entries()] }
}

/** Stops every node where it is, and returns when all that was under way has arrived, byte by byte. */
async function freeze({ cluster, tap }: Session): Promise<void> {
  for (const name of cluster.nodes.keys()) cluster.pause(name, 'everything is to come to rest')
  let before = ''
  const look = () => {
    const lanes = tap.proxies().map(({ name }) => tap.evidence(name)?.lanes)
    const now = JSON.stringify(lanes)
    const still =
      now === before && lanes.every((both) => both?.upstream.held === 0 && both.downstream.held === 0)
    before = now
    return still || undefined
  }
  await poll(look, { what: 'nothing passes any more', deadlineMs: 10_000, everyMs: 300 })
}
