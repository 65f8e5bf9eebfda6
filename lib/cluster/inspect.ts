import { ageMs, processFacts } from '../util/procfs.ts'
import { within } from '../util/within.ts'
import { linkName } from './links.ts'
import { apiAnswers } from './node.ts'
import { openPings, type Pings } from './pings.ts'
import { postgresAnswers } from './postgres.ts'
import { readBroker, type BrokerState } from './broker.ts'
import type { ClusterState, NodeKind, ProcessState, Service } from './state.ts'

/**
 * answers: it answered a question of its own protocol. silent: it runs and did not. paused: it was stopped by a
 * signal, so that it cannot answer. ended: it is gone, and nobody had asked for that.
 * starting: it is about to be started.
 */
export type Condition = 'answers' | 'silent' | 'paused' | 'ended' | 'starting'

/** A node or a service as somebody finds it who did not start it. */
export interface MemberView {
  name: string
  kind: NodeKind | Service
  condition: Condition
  pid?: number
  uptimeMs?: number
  /** The port that it serves: services and api nodes. */
  port?: number
}

/** Who asks: what a question needs beside the state file. */
interface Asking {
  folder: string
  state: ClusterState
  limitMs: number
  broker: BrokerState | undefined
  pings: Pings
  servicePorts: (link: string) => Promise<number[]>
}

/**
 * Looks at every node and service of a cluster and asks each whether it answers, all at once.
 * Needs nothing of the process that started them.
 * @param limitMs For each question.
 * @param servicePorts Ports from which a link's connections reach its service, as the proxies tell.
 */
export async function inspectMembers(
  folder: string,
  state: ClusterState,
  limitMs: number,
  servicePorts: (link: string) => Promise<number[]>,
): Promise<MemberView[]> {
  const { rabbitmq, epmd } = state.processes
  // Whether the broker answers is known first: nodes are asked through it.
  const broker =
    rabbitmq && epmd
      ? await within(limitMs, readBroker(folder, epmd.port ?? 0, limitMs), undefined)
      : undefined
  const pings = openPings(rabbitmq?.port ?? 0)
  try {
    const asking = { folder, state, limitMs, broker, pings, servicePorts }
    const members = Object.entries(state.processes).filter(([, { kind }]) => kind !== 'epmd')
    return await Promise.all(members.map(([name, member]) => inspect(name, member, asking)))
  } finally {
    await within(limitMs, pings.end(), undefined)
  }
}

async function inspect(name: string, member: ProcessState, asking: Asking): Promise<MemberView> {
  const { pid, start, port } = member
  const kind = member.kind as NodeKind | Service
  const told = { name, kind, ...(pid === undefined ? {} : { pid }), ...(port === undefined ? {} : { port }) }
  if (pid === undefined) return { ...told, condition: 'starting' }
  const facts = processFacts(pid)
  if (facts === undefined || facts.start !== start) return { ...told, condition: 'ended' }
  const uptimeMs = Math.round(ageMs(facts))
  // proc(5): T is stopped by a signal.
  if (facts.state === 'T') return { ...told, uptimeMs, condition: 'paused' }
  const answered = await within(asking.limitMs, answers(name, kind, port ?? 0, asking), false)
  return { ...told, uptimeMs, condition: answered ? 'answers' : 'silent' }
}

async function answers(
  name: string,
  kind: NodeKind | Service,
  port: number,
  { state, limitMs, broker, pings, servicePorts }: Asking,
): Promise<boolean> {
  if (kind === 'rabbitmq') return broker !== undefined
  if (kind === 'postgres') return postgresAnswers(port, 'postgres', limitMs)
  if (kind === 'api') return apiAnswers(port, limitMs)
  if (broker === undefined) return false
  const topic = `mistral_${kind}`
  if (state.rpc === 'oslo') return pings.ping(topic, name, limitMs)
  // The kombu driver has no ping endpoint: that the node consumes is the best it can show.
  const ports = await servicePorts(linkName(name, 'rabbitmq'))
  return broker.consumers.some(({ queue, peerPort }) => queue === topic && ports.includes(peerPort))
}
