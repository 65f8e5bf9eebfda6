import type { EntryOf, QueueRow } from './entries.ts'
import { ofKind, type ScenarioFacts } from './facts.ts'
import type { Accounts } from './messages/accounts.ts'
import type { Finding } from './verdict-document.ts'

type Found = Omit<Finding, 'allowed'>

/** What nodes depend on: if one dies the harness is broken, and Mistral is not to blame. */
const SERVICES = new Set(['rabbitmq', 'postgres'])

/** Fan-out queues hold nothing that is judged. */
const isFanout = ({ name }: QueueRow): boolean => name.includes('_fanout')

/** Messages that were ready in each queue before the scenario started anything. */
export function readyBefore({ judgedEntries }: ScenarioFacts): ReadonlyMap<string, number> {
  const started = judgedEntries.findIndex(({ kind }) => kind === 'execution.requested')
  const read = ofKind(judgedEntries.slice(0, Math.max(started, 0)), 'broker.read').at(-1)
  return new Map(read?.queues.map(({ name, ready }) => [name, ready]))
}

/**
 * Messages in queues that nobody consumes, without those that lay there before the scenario started anything, and
 * without those that nobody waits for any more.
 */
export function parkedMessages(facts: ScenarioFacts, { own }: Accounts): Found[] {
  const before = readyBefore(facts)
  const moot = own.filter(({ fate, message }) => fate === 'moot' && message.deliveries.length === 0)
  const mootIn = (queue: string): number =>
    moot.filter(({ message }) => message.sends.some(({ queues }) => queues?.includes(queue))).length
  const last = ofKind(facts.judgedEntries, 'broker.read').at(-1)
  return (last?.queues ?? []).flatMap((queue) => {
    const { name, ready, consumers } = queue
    const parked = ready - (before.get(name) ?? 0) - mootIn(name)
    if (consumers > 0 || parked <= 0 || isFanout(queue)) return []
    const text = `${parked} messages are parked in queue ${name}, which has no consumer`
    return [
      { object: 'queue', id: name, text, evidence: [`entry ${last?.ordinal}: ${ready} ready`] } as const,
    ]
  })
}

/**
 * Messages that consumers were given and have neither acknowledged nor refused, though everything is at rest; some of
 * these consumers may have been cancelled since.
 */
export function heldMessages({ judgedEntries }: ScenarioFacts): Found[] {
  const last = ofKind(judgedEntries, 'broker.read').at(-1)
  return (last?.queues ?? [])
    .filter((queue) => queue.unacked > 0 && !isFanout(queue))
    .map(({ name, unacked, consumers }) => ({
      object: 'queue',
      id: name,
      text: `${unacked} messages of queue ${name} are held by its consumers, unacknowledged`,
      evidence: [`entry ${last?.ordinal}: ${unacked} unacked, ${consumers} consumers`],
    }))
}

export interface Deaths {
  /** Nodes that ended though nobody told them to. */
  nodes: Found[]
  /** Services that did. */
  services: Found[]
}

/** Exits that nobody asked for. */
export function deathsOf({ begun, past }: ScenarioFacts): Deaths {
  const died = past.deaths.filter(({ ordinal }) => ordinal >= begun.ordinal).map(deathFinding)
  return {
    nodes: died.filter(({ id }) => !SERVICES.has(id)),
    services: died.filter(({ id }) => SERVICES.has(id)),
  }
}

function deathFinding({ node, pid, code, signal, ordinal }: EntryOf<'node.exited'>): Found {
  const how = signal === null ? `with status ${code}` : `by ${signal}`
  return {
    object: 'node',
    id: node,
    text: `${node} (pid ${pid}) ended ${how} though nothing had told it to`,
    evidence: [`entry ${ordinal}: exited`],
  }
}
