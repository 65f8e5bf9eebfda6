import { DeadlineError, poll } from '../util/poll.ts'
import { HarnessError } from '../util/errors.ts'
import { NODE_KINDS } from '../cluster/state.ts'
import { linkName } from '../cluster/links.ts'
import type { QueueState } from '../cluster/broker.ts'
import type { RunningNode } from '../cluster/node.ts'
import { MistralRest } from '../mistral/rest.ts'
import type { Session } from './session.ts'

/** A healthy node answers its ping in 8 ms; one that was cut off needs a moment to connect again. */
const ANSWER_LIMIT_MS = 10_000
const PING_MS = 2000
/** An api keeps several connections; at once, so that each of them is tried. */
const API_CALLS = 8
const QUIET_LIMIT_MS = 10_000

/**
 * Brings the cluster to where a promise may begin: no toxic set, every node answers and consumes, nothing is
 * RUNNING, the queues that are consumed are empty. A node that does not answer, or of which nobody can tell whether
 * it would, is replaced.
 * @returns What had to be mended, for the report.
 */
export async function cleanState(session: Session): Promise<string[]> {
  await session.faults.freeLaid()
  const notes = await removeLeftovers(session)
  notes.push(...(await restoreNodes(session)))
  await quietQueues(session, notes)
  session.struck.clear()
  return notes
}

async function removeLeftovers(session: Session): Promise<string[]> {
  const running = await session.database.runningExecutions()
  if (running.length === 0) return []
  await session.database.removeExecutions(running.map(({ root }) => root))
  return [
    `an earlier promise left ${running.length} executions open, which were removed: ${running.map(({ id }) => id).join(', ')}`,
  ]
}

/** The nodes that the plan asks for: those that a fault killed are started again, those that do not answer replaced. */
async function restoreNodes(session: Session): Promise<string[]> {
  const { cluster, plan } = session
  const wanted = NODE_KINDS.flatMap((kind) =>
    Array.from({ length: plan.sizes[kind] }, (_, n) => ({ kind, name: `${kind}-${n + 1}` })),
  )
  const found = await Promise.all(
    [...cluster.nodes.values()].map(async (node) => ({
      node,
      illness: await illnessOf(session, node),
    })),
  )
  const notes: string[] = []
  for (const { node, illness } of found)
    if (illness !== undefined) await replace(session, node, illness, notes)
  await Promise.all(
    wanted.filter(({ name }) => !cluster.nodes.has(name)).map(({ kind, name }) => cluster.start(kind, name)),
  )
  return notes
}

/** Why a node cannot be relied upon; undefined: it can. */
async function illnessOf({ plan, struck }: Session, node: RunningNode): Promise<string | undefined> {
  // The kombu driver has no ping, and a node of it that has lost its broker may look well and never work again.
  if (plan.rpc === 'kombu' && struck.has(linkName(node.name, 'rabbitmq')))
    return 'had its link to RabbitMQ struck, and has no ping that would tell whether it found it again'
  if (await answersSoon(node, plan.signal)) return undefined
  return node.process.exit() === undefined ? `did not answer within ${ANSWER_LIMIT_MS / 1000} s` : 'had ended'
}

async function answersSoon(node: RunningNode, signal: AbortSignal | undefined): Promise<boolean> {
  const look = async () => {
    if (node.process.exit() !== undefined) return false
    return (await serves(node)) ? true : undefined
  }
  try {
    return await poll(look, {
      what: `${node.name} answers`,
      deadlineMs: ANSWER_LIMIT_MS,
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (error instanceof DeadlineError) return false
    throw error
  }
}

/** An api that answers GET / may still have lost its way to the engines, as the kombu driver does after a cut. */
async function serves(node: RunningNode): Promise<boolean> {
  if (!(await node.answering(PING_MS))) return false
  if (node.kind !== 'api') return true
  const rest = new MistralRest(`http://127.0.0.1:${node.port}`)
  const calls = Array.from({ length: API_CALLS }, () => rest.reachesEngine(PING_MS))
  return (await Promise.all(calls)).every(Boolean)
}

/** Waits until the queues that are consumed are empty; a node that sits on messages is replaced. */
async function quietQueues(session: Session, notes: string[]): Promise<void> {
  const full = await untilQuiet(session)
  if (full.length === 0) return
  const nodes = [...session.cluster.nodes.values()]
  for (const node of nodes.filter(({ kind }) =>
    full.some(({ name }) => name.startsWith(`mistral_${kind}`)),
  )) {
    await replace(session, node, `sits on messages: ${full.map(told).join(', ')}`, notes)
    await session.cluster.start(node.kind, node.name)
  }
  const still = await untilQuiet(session)
  if (still.length > 0)
    throw new HarnessError(
      `no clean state before a promise: queues are not empty: ${still.map(told).join(', ')}`,
    )
}

const told = ({ name, ready, unacked }: QueueState): string => `${name} (${ready} ready, ${unacked} unacked)`

/** The queues that are still not empty at the end of the waiting. */
async function untilQuiet({ cluster, plan }: Session): Promise<QueueState[]> {
  let full: QueueState[] = []
  const look = async () => {
    const { queues } = await cluster.rabbitmq.read()
    full = queues.filter(({ consumers, ready, unacked }) => consumers > 0 && ready + unacked > 0)
    return full.length === 0 ? true : undefined
  }
  await poll(look, {
    what: 'the queues are empty',
    deadlineMs: QUIET_LIMIT_MS,
    ...(plan.signal ? { signal: plan.signal } : {}),
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error
  })
  return full
}

async function replace(session: Session, node: RunningNode, why: string, notes: string[]): Promise<void> {
  session.record({ kind: 'node.replaced', node: node.name, why })
  notes.push(`${node.name} ${why}, and was replaced`)
  await session.cluster.kill(node.name, 'replaced before a promise')
}
