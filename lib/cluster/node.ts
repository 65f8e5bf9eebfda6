import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeConfig } from '../mistral/config.ts'
import { serverArguments } from '../mistral/versions.ts'
import { monotonicMs } from '../util/clock.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import { freePort } from '../util/ports.ts'
import type { OnEvent } from './events.ts'
import type { Ground, Launch } from './ground.ts'
import { linkName, servicesOf, type LinkFabric } from './links.ts'
import type { RunningProcess } from './process.ts'
import { answers, awaitReady, onFreePort } from './ready.ts'
import type { NodeKind, Rpc, Service } from './state.ts'

/** A Mistral process that answered. It has a port only if it is an api. */
export interface RunningNode {
  readonly name: string
  readonly kind: NodeKind
  readonly process: RunningProcess
  readonly port?: number
  readonly links: string[]
  /** true: it answers its RPC ping (api: GET /); under kombu: it has a connection and a consumer. */
  answering(deadlineMs?: number): Promise<boolean>
}

/** What a node needs of the cluster that it becomes part of. */
export interface NodeSurroundings {
  ground: Ground
  launch: Launch
  fabric: LinkFabric
  rpc: Rpc
  python: string
  mistral: string
  vhost: string
  database: string
  servicePort: Record<Service, number>
  onEvent: OnEvent
  ping(topic: string, host: string, deadlineMs: number): Promise<boolean>
  consumesFrom(queue: string, link: string): Promise<boolean>
}

const START_DEADLINE_MS = 60_000

export async function apiAnswers(port: number, deadlineMs: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(deadlineMs) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

function asker(kind: NodeKind, name: string, port: number | undefined, around: NodeSurroundings) {
  return (deadlineMs = 2000): Promise<boolean> => {
    if (kind === 'api') return apiAnswers(port ?? 0, deadlineMs)
    const topic = `mistral_${kind}`
    // The kombu driver has no ping endpoint: that the node consumes is the best it can show.
    if (around.rpc === 'kombu') return around.consumesFrom(topic, linkName(name, 'rabbitmq'))
    return around.ping(topic, name, deadlineMs)
  }
}

/**
 * Lays the node's links, writes its configuration and starts it; ready when it answers.
 * @throws {HarnessError} naming the node, what was awaited, how long, and the last lines of its log; the process
 *   is ended then.
 */
export async function startNode(
  kind: NodeKind,
  name: string,
  around: NodeSurroundings,
): Promise<RunningNode> {
  const { ground, fabric } = around
  const ports: Partial<Record<Service, number>> = {}
  for (const service of servicesOf(kind))
    ports[service] = await fabric.open(linkName(name, service), around.servicePort[service])
  return onFreePort(async () => {
    const begun = monotonicMs()
    const port = kind === 'api' ? await freePort() : undefined
    const file = join(ground.logs, `${name}.conf`)
    const config = nodeConfig({
      kind,
      name,
      rpc: around.rpc,
      version: around.mistral,
      rabbitmqPort: ports.rabbitmq ?? 0,
      vhost: around.vhost,
      database: around.database,
      ...(ports.postgres === undefined ? {} : { postgresPort: ports.postgres }),
      ...(port === undefined ? {} : { apiPort: port }),
    })
    try {
      writeFileSync(file, config)
    } catch (error) {
      throw new HarnessError(`cannot write ${file}: ${messageOf(error)}`, { cause: error })
    }
    const started = await around.launch(
      { kind, ...(port === undefined ? {} : { port }) },
      {
        name,
        command: around.python,
        args: serverArguments(file, kind),
        env: ground.env,
        cwd: ground.folder,
        log: join(ground.logs, `${name}.log`),
      },
    )
    const answering = asker(kind, name, port, around)
    try {
      await awaitReady(
        started,
        answers('it answers', () => answering(2000)),
        START_DEADLINE_MS,
        ground.signal,
      )
    } catch (error) {
      await started.end('SIGKILL', 3000)
      throw error
    }
    around.onEvent({ kind: 'node.ready', node: name, afterMs: Math.round(monotonicMs() - begun) })
    const links = servicesOf(kind).map((service) => linkName(name, service))
    return { name, kind, process: started, links, answering, ...(port === undefined ? {} : { port }) }
  })
}
