import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import { startCluster, type RunningCluster, type Sizes } from '../cluster/cluster.ts'
import type { ClusterEvent } from '../cluster/events.ts'
import { findPrograms } from '../cluster/programs.ts'
import { postgresVersion } from '../cluster/postgres.ts'
import { rabbitMqVersion } from '../cluster/rabbitmq.ts'
import type { Fact, Rpc, RunBegun } from '../ledger/entries.ts'
import { Scenarios } from '../ledger/facts.ts'
import { timeouts } from '../mistral/config.ts'
import { MistralDatabase } from '../mistral/database.ts'
import { MistralRest } from '../mistral/rest.ts'
import { mistralVersion } from '../mistral/versions.ts'
import type { ProxyEvent } from '../proxy/events.ts'
import type { ToxicDefinition } from '../toxic.ts'
import { inSeconds } from '../util/clock.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import { isNode } from '../util/node-names.ts'
import { watchStalls } from '../util/stalls.ts'
import { VERSION } from '../util/version.ts'
import { toxics } from '../../toxics/index.ts'
import { openEffects, type Effects } from './effects.ts'
import { linkFabric } from './fabric.ts'
import { linkChanged } from './link-changes.ts'
import { Names } from './names.ts'
import { learnToxics } from './own-toxics.ts'
import { ToxiproxyApi } from './toxiproxy.ts'
import { Triggers } from './triggers.ts'
import { Recorder } from './watch/recorder.ts'
import { together, type WireWatch } from './watch/watch.ts'

/** A message that a toxic was told to strike: where, and the identity of its call, where it has one. */
export interface Struck {
  link: string
  identity: string | undefined
}

export interface SessionPlan {
  /** What people call the cluster. */
  name: string
  sizes: Sizes
  rpc: Rpc
  seed: string
  /** The interpreter whose Mistral runs. */
  python: string
  /** Where journal, logs and configurations go. */
  folder: string
  run: string
  /** The command that replays the run. */
  replay: string
  /**
   * Promises are judged in it, and their suites journal their faults. Without, somebody plays with it: what passes on
   * the wire is only written, and not kept in memory, and our server's own word is journaled of each fault. Default true.
   */
  judges?: boolean
  /** A real Toxiproxy that is to stand in front of ours. */
  toxiproxyUrl?: string
  /** Sees the links' bytes too, beside what is journaled of them. */
  watch?: WireWatch
  onStep: (what: string, ms: number) => void
  /** What takes part, which is known before anything is started. */
  onVersions?: (versions: RunBegun['versions']) => void
  /** Something broke that is not Mistral's doing. */
  onBroken?: (error: HarnessError) => void
  signal?: AbortSignal
}

/** A cluster wired to its proxies, effects and journal. Disposing of it leaves nothing behind. */
export interface Session extends AsyncDisposable {
  readonly plan: SessionPlan
  readonly journal: Recorder
  /** Those of the journal when it was last flushed, for judging. */
  readonly scenarios: Scenarios
  readonly cluster: RunningCluster
  /** Our own server: the tap and the proof. */
  readonly tap: RunningToxiproxy
  /** Where faults are applied: our own server, or the real Toxiproxy in front of it. */
  readonly faults: ToxiproxyApi
  /** Our own server, for faults on messages, which a real Toxiproxy does not know. */
  readonly own: ToxiproxyApi
  /** Told of each message that a toxic of this name strikes, at once. */
  readonly strikes: Map<string, (struck: Struck) => void>
  readonly triggers: Triggers
  /** A real Toxiproxy stands in front. */
  readonly fronted: boolean
  readonly effects: Effects
  readonly database: MistralDatabase
  readonly versions: RunBegun['versions']
  /** Links that faults have struck since the last clean state. */
  readonly struck: Set<string>
  /** Those that our own server knows. */
  readonly toxics: readonly ToxicDefinition[]
  /**
   * Makes our own server know the toxics of a suite's own.
   * @throws {UsageError} that says what is wrong with one.
   */
  learn(toxics: readonly ToxicDefinition[]): void
  /** The first running api's client. */
  rest(): MistralRest
  record(fact: Fact): void
  /** The first harness error, once there is one. */
  broken(): HarnessError | undefined
}

/** `20261123-180000-a1b2c3`: sorts by time. */
export function newRunId(): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(3).toString('hex')}`
}

async function versionsOf(python: string): Promise<RunBegun['versions']> {
  const programs = findPrograms()
  const [mistral, postgres] = await Promise.all([mistralVersion(python), postgresVersion(programs)])
  return {
    crosswind: VERSION,
    node: process.versions.node,
    mistral,
    rabbitmq: rabbitMqVersion(programs),
    postgres,
  }
}

/** Our own server, with the taps on its lanes. */
function startTap(
  { seed, judges = true }: SessionPlan,
  known: readonly ToxicDefinition[],
  watch: WireWatch,
  strikes: Session['strikes'],
  names: Names,
  record: (fact: Fact) => void,
): Promise<RunningToxiproxy> {
  const onEvent = (event: ProxyEvent) => {
    watch.onEvent(event)
    names.onEvent(event)
    if (event.kind === 'toxic.struck')
      strikes.get(event.by)?.({ link: event.proxy, identity: event.identity })
    const fault = judges ? undefined : linkChanged(event)
    if (fault !== undefined) record(fault)
  }
  return startToxiproxy({
    toxics: known,
    seed,
    tap: watch.tap,
    follows: () => true,
    namesOf: names.of,
    onEvent,
  })
}

/** Ends what was opened, last first; the first error is kept, the rest must still be ended. */
async function endAll(opened: AsyncDisposable[]): Promise<void> {
  const errors: unknown[] = []
  for (const one of opened.toReversed()) {
    try {
      await one[Symbol.asyncDispose]()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/**
 * Boots a cluster with everything that a scenario needs.
 * @throws {HarnessError} when a part cannot be started; everything that was started is ended then, and the journal
 * says why the run has ended.
 */
export async function openSession(plan: SessionPlan): Promise<Session> {
  const front = plan.toxiproxyUrl === undefined ? undefined : new ToxiproxyApi(plan.toxiproxyUrl)
  const nodesFolder = join(plan.folder, 'nodes')
  mkdirSync(nodesFolder, { recursive: true })
  let broken: HarnessError | undefined
  const breakDown = (error: HarnessError) => {
    if (broken !== undefined) return
    broken = error
    plan.onBroken?.(error)
  }
  const names = new Names((asks) => journal.tellsWire(asks))
  const journal = await Recorder.open(join(plan.folder, 'journal.ndjson'), {
    side: front === undefined ? 'node' : 'service',
    retainsWire: plan.judges !== false,
    onError: breakDown,
    onWire: (fact) => names.learn(fact),
  })
  const record = (fact: Fact) => {
    names.learn(fact)
    journal.append(fact)
  }
  const onEvent = (event: ClusterEvent) => {
    record(event)
    if (event.kind === 'node.exited' && !event.expected && !isNode(event.node))
      breakDown(
        new HarnessError(
          `${event.node} ended by itself (${event.signal ?? `status ${event.code}`}); see ${nodesFolder}/${event.node}.log`,
        ),
      )
  }
  const stalls = watchStalls({
    onStall: (ms) =>
      record({
        kind: 'harness.failed',
        text: `the gate did not run for ${inSeconds(ms)}: the machine was stalled or overloaded`,
      }),
  })
  const opened: AsyncDisposable[] = [
    {
      [Symbol.asyncDispose]: async () => {
        stalls[Symbol.dispose]()
        await journal.close()
      },
    },
  ]
  try {
    const versions = await versionsOf(plan.python)
    plan.onVersions?.(versions)
    const frontVersion = await front?.version()
    record({
      kind: 'run.begun',
      run: plan.run,
      started: new Date().toISOString(),
      seed: plan.seed,
      replay: plan.replay,
      rpc: plan.rpc,
      sizes: plan.sizes,
      versions,
      timeouts,
      toxiproxy: front === undefined ? 'embedded' : `${front.url} (${frontVersion})`,
    })
    const watch = together(plan.watch ? [journal.watch, plan.watch] : [journal.watch])
    const triggers = new Triggers()
    const known = [...toxics, ...triggers.definitions]
    const strikes: Session['strikes'] = new Map()
    const tap = await startTap(plan, known, watch, strikes, names, record)
    opened.push(tap)
    const own = new ToxiproxyApi(tap.url, 'our own proxy server')
    const effects = await openEffects({ onFact: record })
    opened.push(effects)
    const faults = front ?? own
    // A real Toxiproxy outlives us: our proxies must not.
    if (front !== undefined) opened.push({ [Symbol.asyncDispose]: () => front.removeLaid() })
    const cluster = await startCluster({
      ...plan,
      logs: nodesFolder,
      fabric: linkFabric(own, front),
      urls: { toxiproxy: faults.url, tap: tap.url, effects: effects.url },
      onEvent,
    })
    opened.push(cluster)
    const database = new MistralDatabase({ port: cluster.postgres.port, database: 'mistral' })
    opened.push(database)
    names.use(() => database.readNames())
    opened.push({ [Symbol.asyncDispose]: async () => names[Symbol.dispose]() })
    const rest = () => {
      const api = [...cluster.nodes.values()].find((node) => node.kind === 'api')
      if (api === undefined) throw new HarnessError('no api node runs')
      return new MistralRest(`http://127.0.0.1:${api.port}`)
    }
    const dispose = () => endAll(opened)
    return {
      plan,
      journal,
      scenarios: new Scenarios(journal.entries()),
      cluster,
      tap,
      faults,
      own,
      strikes,
      triggers,
      fronted: front !== undefined,
      effects,
      database,
      versions,
      struck: new Set(),
      toxics: known,
      learn: (more) => learnToxics(known, more),
      rest,
      record,
      broken: () => broken,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    const interrupted = broken === undefined && plan.signal?.aborted === true
    record({
      kind: 'run.ended',
      exitCode: interrupted ? 130 : 2,
      harnessErrors: interrupted ? [] : [messageOf(error)],
      interrupted,
    })
    await endAll(opened).catch(() => {
      // The root cause is what the caller must see.
    })
    throw error
  }
}
