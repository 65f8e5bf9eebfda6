import { makeSchema } from '../mistral/schema.ts'
import { mistralVersion } from '../mistral/versions.ts'
import { monotonicMs } from '../util/clock.ts'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import type { OnEvent } from './events.ts'
import type { LinkFabric } from './links.ts'
import { startNode, type NodeSurroundings, type RunningNode } from './node.ts'
import { onFreePort } from './ready.ts'
import { openPings, type Pings } from './pings.ts'
import { findPrograms } from './programs.ts'
import { DATABASE, startPostgres, type Postgres } from './postgres.ts'
import { startRabbitMq, type RabbitMq } from './rabbitmq.ts'
import { NODE_KINDS, type ClusterState, type NodeKind, type Rpc } from './state.ts'
import { layYard, type Yard } from './yard.ts'

export type Sizes = Record<NodeKind, number>

export interface ClusterPlan {
  /** What people call it; the id is made from it. */
  name: string
  sizes: Sizes
  rpc: Rpc
  /** The interpreter whose Mistral runs. */
  python: string
  /** Where logs and configurations go; default: a folder of the cluster's own. */
  logs?: string
  /** Lays the links once the cluster's id is known. */
  fabric: LinkFabric
  urls: ClusterState['urls']
  onEvent: OnEvent
  /** One step is done: what, and how long it took. */
  onStep: (what: string, ms: number) => void
  signal?: AbortSignal
}

/** A cluster whose every node answers. Disposing of it ends every process and removes its folder. */
export interface RunningCluster extends AsyncDisposable {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly mistral: string
  readonly rabbitmq: RabbitMq
  readonly postgres: Postgres
  /** Running nodes by name, in the order in which they were started. */
  readonly nodes: ReadonlyMap<string, RunningNode>
  /** @throws {UsageError} naming the nearest ones. */
  node(name: string): RunningNode
  /** Starts one more node, or one of an earlier name again. */
  start(kind: NodeKind, name?: string): Promise<RunningNode>
  /** An orderly stop, SIGTERM; SIGKILL when Mistral's own limit has passed. */
  stop(name: string, why: string): Promise<void>
  /** SIGKILL to the node's whole group; returns when it is gone. */
  kill(name: string, why: string): Promise<void>
  pause(name: string, why: string): void
  resume(name: string, why: string): void
}

/** It becomes part of names of files and queues. */
const NODE_NAME = /^[a-z]+-[a-z0-9-]{1,30}$/

const STOP_GRACE_MS = 25_000

class Cluster implements RunningCluster {
  readonly nodes = new Map<string, RunningNode>()
  readonly rabbitmq: RabbitMq
  readonly postgres: Postgres
  /** Names that are taken by a start that is under way. */
  private readonly starting = new Set<string>()
  private readonly yard: Yard
  private readonly pings: Pings
  private readonly plan: ClusterPlan

  constructor(yard: Yard, plan: ClusterPlan, rabbitmq: RabbitMq, postgres: Postgres) {
    this.yard = yard
    this.plan = plan
    this.rabbitmq = rabbitmq
    this.postgres = postgres
    this.pings = openPings(rabbitmq.port)
  }

  get id(): string {
    return this.yard.state.id
  }
  get name(): string {
    return this.yard.state.name
  }
  get folder(): string {
    return this.yard.ground.folder
  }
  get mistral(): string {
    return this.yard.state.mistral
  }

  node(name: string): RunningNode {
    const node = this.nodes.get(name)
    if (node === undefined) throw unknownWord('node', name, [...this.nodes.keys()])
    return node
  }

  async start(kind: NodeKind, name = this.freeName(kind)): Promise<RunningNode> {
    if (this.runs(name)) throw new UsageError(`${name} runs already`)
    if (!name.startsWith(`${kind}-`) || !NODE_NAME.test(name))
      throw new UsageError(
        `a node's name is its kind, a hyphen and a word in lower case: ${kind}-…, not ${name}`,
      )
    const begun = monotonicMs()
    this.starting.add(name)
    try {
      const node = await startNode(kind, name, this.surroundings())
      this.nodes.set(name, node)
      this.plan.onStep(name, monotonicMs() - begun)
      return node
    } catch (error) {
      this.yard.forget(name)
      throw error
    } finally {
      this.starting.delete(name)
    }
  }

  async stop(name: string, why: string): Promise<void> {
    await this.endNode(name, 'SIGTERM', STOP_GRACE_MS, why)
  }

  async kill(name: string, why: string): Promise<void> {
    await this.endNode(name, 'SIGKILL', 5000, why)
  }

  pause(name: string, why: string): void {
    this.signal(name, 'SIGSTOP', why)
  }

  resume(name: string, why: string): void {
    this.signal(name, 'SIGCONT', why)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pings.end()
    await Promise.all([this.yard.endNodes(), this.rabbitmq.end(), this.postgres.end()])
    await this.yard.abandon()
  }

  private signal(name: string, signal: NodeJS.Signals, why: string): void {
    const node = this.node(name)
    this.plan.onEvent({ kind: 'node.signalled', node: name, signal, why })
    node.process.signal(signal)
  }

  private async endNode(name: string, signal: NodeJS.Signals, graceMs: number, why: string): Promise<void> {
    const node = this.node(name)
    this.plan.onEvent({ kind: 'node.signalled', node: name, signal, why })
    this.nodes.delete(name)
    await node.process.end(signal, graceMs)
    this.yard.forget(name)
  }

  /** A node that has ended by itself is still known, and may be started again. */
  private runs(name: string): boolean {
    const node = this.nodes.get(name)
    return this.starting.has(name) || (node !== undefined && node.process.exit() === undefined)
  }

  /** The lowest number that no running node of this kind has. */
  private freeName(kind: NodeKind): string {
    for (let n = 1; ; n += 1) if (!this.runs(`${kind}-${n}`)) return `${kind}-${n}`
  }

  private surroundings(): NodeSurroundings {
    const { rpc, python, onEvent } = this.plan
    const fabric = this.yard.noting(this.plan.fabric)
    return {
      ground: this.yard.ground,
      launch: this.yard.launch,
      fabric,
      rpc,
      python,
      onEvent,
      mistral: this.mistral,
      vhost: this.rabbitmq.vhost,
      database: DATABASE,
      servicePort: { rabbitmq: this.rabbitmq.port, postgres: this.postgres.port },
      ping: (topic, host, deadlineMs) => this.pings.ping(topic, host, deadlineMs),
      consumesFrom: async (queue, link) => {
        const ports = await fabric.servicePorts(link)
        const { consumers } = await this.rabbitmq.read()
        return consumers.some((consumer) => consumer.queue === queue && ports.includes(consumer.peerPort))
      },
    }
  }
}

async function timed<T>(what: string, plan: ClusterPlan, work: Promise<T>): Promise<T> {
  const begun = monotonicMs()
  const result = await work
  plan.onStep(what, monotonicMs() - begun)
  return result
}

/**
 * Waits for all, also after one has failed, since what still starts must not escape the clean-up; the failure
 * tells the others to give up.
 * @throws the first failure.
 */
async function together<T extends unknown[]>(
  giveUp: AbortController,
  starts: { [I in keyof T]: Promise<T[I]> },
): Promise<T> {
  const failures: unknown[] = []
  const watched = starts.map((start: Promise<unknown>) =>
    start.catch((error: unknown) => {
      failures.push(error)
      giveUp.abort(error)
    }),
  )
  const results = await Promise.all(watched)
  if (failures.length > 0) throw failures[0]
  return results as T
}

/**
 * Boots RabbitMQ, PostgreSQL and every node, and returns when each answers.
 * A failed start stops what it started.
 * @throws {HarnessError} saying which part, what was awaited, how long, and the last lines of its log.
 */
export const startCluster = (plan: ClusterPlan): Promise<RunningCluster> => onFreePort(() => bootOnce(plan))

async function bootOnce(plan: ClusterPlan): Promise<RunningCluster> {
  const giveUp = new AbortController()
  const signal = AbortSignal.any(plan.signal ? [plan.signal, giveUp.signal] : [giveUp.signal])
  const yard = layYard({ ...plan, signal }, await mistralVersion(plan.python))
  try {
    return await boot(plan, yard, giveUp)
  } catch (error) {
    await yard.abandon().catch((second: unknown) => {
      // The tear-down's own trouble never replaces the root cause.
      plan.onStep(`clean-up after a failed start: ${String(second)}`, 0)
    })
    throw error
  }
}

/**
 * A node needs as long to load its modules as the broker needs for the second half of its boot: nodes start as
 * soon as the broker is on its way, and wait for it by themselves.
 */
async function boot(plan: ClusterPlan, yard: Yard, giveUp: AbortController): Promise<RunningCluster> {
  const { ground, launch, state } = yard
  const programs = findPrograms()
  const begun = monotonicMs()
  const schema = (port: number) =>
    makeSchema(plan.python, { port, database: DATABASE, folder: ground.logs, env: ground.env })
  const [rabbitmq, postgres] = await together<[RabbitMq, Postgres]>(giveUp, [
    startRabbitMq(ground, programs, launch),
    timed('postgres', plan, startPostgres(ground, programs, launch, state.mistral, schema)),
  ])
  const serving = async () => {
    await rabbitmq.serving()
    plan.onStep('rabbitmq', monotonicMs() - begun)
  }
  const cluster = new Cluster(yard, plan, rabbitmq, postgres)
  // Executors and engines first: the first workflow must find somebody to run it.
  const nodes = NODE_KINDS.toReversed().flatMap((kind) =>
    Array.from({ length: plan.sizes[kind] }, (_, n) => ({ kind, name: `${kind}-${n + 1}` })),
  )
  await together(giveUp, [serving(), ...nodes.map(({ kind, name }) => cluster.start(kind, name))])
  return cluster
}
