import { inSeconds } from '../../util/clock.ts'
import { storyOf } from './message-story.ts'
import { proofOf } from './proofs.ts'
import type { Delivery, Send } from './passages.ts'
import { nodeOf, type Message, type Traffic } from './traffic.ts'
import type { World } from './world.ts'

/** What became of a message: the furthest point that it is known to have reached. */
export type Fate =
  /** No publish of it was handed on whole. */
  | 'never reached the broker'
  /** No queue was bound for it. */
  | 'unroutable'
  /** It lies in a queue that nobody consumes. */
  | 'parked'
  | 'expired'
  | 'never delivered'
  | 'delivered and never acknowledged'
  | 'acknowledged and its work never seen'
  | 'done'
  | 'done more than once'
  /** Nobody waited for it any more when it came. */
  | 'moot'
  | 'unknown'

/** Fates of which the message's work will never come. */
const LOST: ReadonlySet<Fate> = new Set([
  'never reached the broker',
  'unroutable',
  'expired',
  'never delivered',
  'delivered and never acknowledged',
  'acknowledged and its work never seen',
])

export const isLost = ({ fate }: MessageFate): boolean => LOST.has(fate)

export interface MessageFate {
  message: Message
  fate: Fate
  /**
   * One line for each source: the wire in its order, the broker, the database and the effects. Of most messages nobody
   * asks; whoever does must before the journal goes on.
   */
  evidence: () => string[]
  /** Where the sources contradict each other; empty: they agree. */
  divergences: string[]
}

/** The fate of one message, by the wire and by everything else that was read. */
export function fateOf(message: Message, traffic: Traffic, world: World): MessageFate {
  const [fate, because] = told(message, traffic, world)
  return {
    message,
    fate,
    evidence: () => [...storyOf(message), ...because],
    divergences: divergencesOf(message, fate, world),
  }
}

type Told = [fate: Fate, because: string[]]

function told(message: Message, traffic: Traffic, world: World): Told {
  if (message.call.kind === 'reply') return toldOfReply(message, traffic, world)
  const proof = proofOf(message, traffic, world)
  const nodes = nodesReached(message)
  if (proof.times > 1) return ['done more than once', [proof.because]]
  if (nodes.length > 1)
    return [
      'done more than once',
      [`${nodes.length} publishes reached ${nodes.join(' and ')}`, proof.because],
    ]
  if (proof.times === 1) return ['done', [proof.because]]
  const late = lateResult(message, world)
  if (late !== undefined) return ['moot', [late]]
  const [fate, because] = furthest(message, world)
  return [fate, [...because, proof.because]]
}

/** A reply's work is to be delivered to a caller that still waits. */
function toldOfReply(message: Message, traffic: Traffic, world: World): Told {
  const call = traffic.callOf(message)
  const asked = call?.sends[0]
  const [first] = message.sends
  const timeoutMs = call?.call.timeoutMs
  if (asked && first) {
    const caller = nodeOf(asked.link)
    const waitedMs = first.at - asked.at
    const died = world.diedAfter(caller, asked.at)
    if (died !== undefined && died <= first.at)
      return ['moot', [`${caller} had ended before it was published`]]
    if (timeoutMs !== undefined && waitedMs > timeoutMs)
      return [
        'moot',
        [`it was published ${inSeconds(waitedMs)} after its call, which waited ${inSeconds(timeoutMs)}`],
      ]
  }
  const arrived = message.deliveries.find(({ reached }) => reached !== 'no')
  if (arrived) {
    const lateMs = asked && timeoutMs !== undefined ? arrived.at - asked.at - timeoutMs : 0
    return lateMs > 0
      ? ['moot', [`it was delivered ${inSeconds(lateMs)} after its call's time-out`]]
      : ['done', []]
  }
  return furthest(message, world)
}

/** A result that reached an engine after Mistral had given its action up: it refuses it, and whoever waited has gone on. */
function lateResult({ call, deliveries }: Message, world: World): string | undefined {
  if (call.method !== 'on_action_complete' || call.action === undefined) return undefined
  const over = world.terminalAt(call.action)
  const first = deliveries.find(({ reached }) => reached !== 'no')
  if (over === undefined || first === undefined || first.at < over) return undefined
  return `it was delivered ${inSeconds(first.at - over)} after its action was seen terminal`
}

/** How far a message came whose work was not seen. */
function furthest({ sends, deliveries, call }: Message, world: World): Told {
  const arrived = deliveries.filter(({ reached }) => reached !== 'no')
  if (arrived.some(({ answer, noAck }) => noAck || (answer !== undefined && !answer.requeue)))
    return ['acknowledged and its work never seen', []]
  if (arrived.some(({ side }) => side === 'service'))
    return ['unknown', ['whether it reached the node, behind a real Toxiproxy, was not seen']]
  if (arrived.length > 0) return ['delivered and never acknowledged', []]
  const forwarded = sends.filter(({ reached }) => reached !== 'no')
  if (forwarded.length === 0) return ['never reached the broker', []]
  if (forwarded.every(({ answer, queues }) => answer?.how === 'return' || queues?.length === 0))
    return ['unroutable', [`no queue was bound for ${forwarded[0]?.routingKey}`]]
  return undelivered(forwarded, call.timeoutMs, world)
}

/** It was handed on to the broker, and no delivery of it was seen on any link. */
function undelivered(forwarded: readonly Send[], timeoutMs: number | undefined, world: World): Told {
  const names = [...new Set(forwarded.flatMap(({ queues, routingKey }) => queues ?? [routingKey]))]
  const queues = names.flatMap((name) => world.queue(name) ?? [])
  const full = queues.find((queue) => world.freshIn(queue) > 0)
  if (full && full.consumers === 0)
    return ['parked', [`queue ${full.name} has ${full.ready} messages and no consumer`]]
  const expires = forwarded.some(({ expirationMs }) => expirationMs !== undefined)
  if (expires && timeoutMs !== undefined && !full)
    return ['expired', [`it expired after ${inSeconds(timeoutMs)}`]]
  if (forwarded.some(({ answer }) => answer?.how === 'ack'))
    return ['never delivered', brokerSays(names, world)]
  if (!world.brokerWasRead || full)
    return ['unknown', ['the broker has not confirmed it, and may still have it']]
  // Neither confirmed nor in any queue: whether the broker ever had it is all that stays open.
  return ['never delivered', brokerSays(names, world)]
}

const brokerSays = (names: readonly string[], world: World): string[] =>
  names.map((name) => {
    const queue = world.queue(name)
    return queue
      ? `the broker says that queue ${name} has ${queue.ready} ready and ${queue.unacked} unacked messages, and ${queue.consumers} consumers`
      : `the broker has no queue ${name} any more`
  })

/** Nodes that were given a message anew; a redelivery is no second message. */
function nodesReached({ deliveries }: Message): string[] {
  const anew = deliveries.filter(({ redelivered, reached }) => !redelivered && reached !== 'no')
  return [...new Set(anew.map(({ link }) => nodeOf(link)))]
}

// What contradicts itself.

function divergencesOf({ sends, deliveries }: Message, fate: Fate, world: World): string[] {
  const handedOn = sends.filter(({ reached }) => reached !== 'no')
  const anew = deliveries.filter(({ redelivered }) => !redelivered)
  const queues = Math.max(1, ...handedOn.map((send) => send.queues?.length ?? 1))
  const found: string[] = []
  if (anew.length > handedOn.length * queues)
    found.push(`it was delivered ${anew.length} times and published ${handedOn.length} times`)
  if (fate === 'done' && deliveries.length === 0) found.push('its work was seen and no delivery of it')
  const certain = handedOn.filter(isCertain)
  // A delivery that was cut before it reached our proxy is seen only when the broker repeats it.
  if (isDone(fate) && deliveries.length > 0 && certain.length > deliveries.length)
    found.push(`it was published ${certain.length} times and delivered ${deliveries.length} times`)
  for (const delivery of deliveries)
    if (isDone(fate) && !delivery.answer && !delivery.noAck && isMissing(delivery, deliveries, world))
      found.push(
        delivery.reached === 'open'
          ? `its delivery, entry ${delivery.ordinal}, was never acknowledged, though the connection lives`
          : `its delivery, entry ${delivery.ordinal}, was never acknowledged, and it was not delivered again when the connection had closed`,
      )
  return found
}

/** An acknowledgement must have been there: its connection lives, or the broker did not deliver the message again. */
function isMissing(
  { reached, queue, ordinal }: Delivery,
  deliveries: readonly Delivery[],
  world: World,
): boolean {
  if (reached === 'open') return true
  const row = queue === undefined ? undefined : world.queue(queue)
  // Where the queue has gone, or still has messages, it need not have been.
  if (reached === 'no' || !row || row.ready > 0) return false
  return !deliveries.some((other) => other.ordinal > ordinal)
}

const isDone = (fate: Fate): boolean => fate === 'done' || fate === 'done more than once'

/** The broker has it: it said so, or the connection lives. */
const isCertain = ({ answer, reached }: Send): boolean =>
  answer?.how === 'ack' || (answer === undefined && reached === 'open')
