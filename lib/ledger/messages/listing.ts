import type { Entry } from '../entries.ts'
import { Scenarios } from '../facts.ts'
import { arrivalsOf } from '../effects.ts'
import type { CallFact } from '../wire-entries.ts'
import { accountsOf } from './accounts.ts'
import { isLost, type Fate } from './fates.ts'
import { strikesOn, type StrikeSeen } from './message-strikes.ts'
import { isOut, settlementOf } from './passages.ts'
import { nodeOf, type Message, type Traffic } from './traffic.ts'

/** One message as a line of a listing. */
export interface Listed {
  /** Of its first entry. */
  ordinal: number
  /** Milliseconds since the run began. */
  at: number
  /** `engine-1`; undefined: nobody was seen to publish it. */
  from: string | undefined
  /** Nodes that it was delivered to; none: the queue that it was sent to. */
  to: string[]
  /** `run_action`, `reply to start_workflow`. */
  what: string
  call: CallFact
  /** Bytes of its body. */
  size: number
  /** What became of it: by the ledger where it was judged, else how far it was seen. */
  fate: Fate | Progress
  /** What was done to it on its way, in order. */
  strikes: StrikeSeen[]
  /** It is lost, or was done more than once. */
  broken: boolean
}

/** How far a message was seen on the wire. */
export type Progress =
  | 'published'
  | 'confirmed'
  | 'refused'
  | 'returned'
  | 'cut'
  | 'taken out'
  | 'delivered'
  | 'acknowledged'
  | 'requeued'

/** How far a message was seen on the wire, whatever became of its work. */
function progressOf({ sends, deliveries }: Message): Progress {
  const last = deliveries.at(-1)
  const settled = last && settlementOf(last)
  if (last && isOut(last)) return 'taken out'
  if (settled) return settled.requeue ? 'requeued' : 'acknowledged'
  if (last && last.reached !== 'no') return 'delivered'
  const ends = sends.map((send) => {
    if (isOut(send)) return 'taken out'
    return send.answer?.how ?? (send.reached === 'no' ? 'cut' : undefined)
  })
  if (ends.includes('return')) return 'returned'
  if (ends.includes('ack')) return 'confirmed'
  if (ends.includes('nack')) return 'refused'
  if (ends.includes(undefined) || ends.length === 0) return 'published'
  return ends.includes('taken out') ? 'taken out' : 'cut'
}

/** A message as a line, with its fate if the ledger knows it. */
export function listed(message: Message, traffic: Traffic, told: ToldFate | undefined, size = 0): Listed {
  const callOf = traffic.callOf(message)
  const { call, sends, deliveries } = message
  const [send] = sends
  const first = [...sends, ...deliveries].toSorted((a, b) => a.ordinal - b.ordinal)[0]
  const nodes = [...new Set(deliveries.map(({ link }) => nodeOf(link)))]
  return {
    ordinal: first?.ordinal ?? 0,
    at: first?.at ?? 0,
    from: send && nodeOf(send.link),
    to:
      nodes.length > 0
        ? nodes
        : [...new Set(sends.flatMap(({ queues, routingKey }) => queues ?? [routingKey]))],
    what: call.kind === 'reply' ? `reply to ${callOf?.call.method ?? 'a call'}` : call.method,
    call: { ...callOf?.call, ...call },
    size,
    fate: told?.fate ?? progressOf(message),
    strikes: strikesOn(message, (identity) => nameOf(traffic.messages.get(identity), identity)),
    broken: told?.broken ?? false,
  }
}

/** `run_action of action 5b1…` */
function nameOf(message: Message | undefined, identity: string): string {
  if (!message || message.call.kind === 'reply') return `message ${identity}`
  const { method, action, task, workflow } = message.call
  if (action !== undefined) return `${method} of action ${action}`
  return `${method} of ${task === undefined ? `execution ${workflow ?? '?'}` : `task ${task}`}`
}

/** What the ledger says of a message. */
export interface ToldFate {
  fate: Fate
  /** It is lost, or was done more than once. */
  broken: boolean
  evidence: string[]
}

/** The fates that the ledger gives, by identity, over all scenarios of a journal. */
export function fatesIn(entries: readonly Entry[]): Map<string, ToldFate> {
  const fates = new Map<string, ToldFate>()
  const scenarios = new Scenarios(entries)
  for (const { scenario } of scenarios.list()) {
    const facts = scenarios.factsOf(scenario)
    // What was not asked for was not read to its end either.
    if (!facts.asked) continue
    const { own, foreign } = accountsOf(facts, arrivalsOf(facts).own)
    for (const one of [...own, ...foreign]) {
      const { message, fate, evidence } = one
      const broken = isLost(one) || fate === 'done more than once'
      fates.set(message.call.identity, { fate, broken, evidence: evidence() })
    }
  }
  return fates
}
