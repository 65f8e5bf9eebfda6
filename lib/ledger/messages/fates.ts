import { inSeconds } from '../../util/clock.ts'
import { isTerminal } from '../tree.ts'
import { storyOf } from './message-story.ts'
import { proofOf } from './proofs.ts'
import { divergencesOf } from './divergences.ts'
import { isOut, settlementOf, type Delivery, type Passage, type Send } from './passages.ts'
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
  /** It was delivered, and taken out on the way. */
  | 'never reached its consumer'
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
  'never reached its consumer',
  'delivered and never acknowledged',
  'acknowledged and its work never seen',
])

export const isLost = ({ fate }: MessageFate): boolean => LOST.has(fate)

export interface MessageFate {
  message: Message
  fate: Fate
  /** How it came to that, if something was done to it on its way: `it was taken out on engine-1.rabbitmq`. */
  how: string | undefined
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
    how: howCame(message, fate),
    evidence: () => [...storyOf(message), ...because],
    divergences: divergencesOf(message, fate, world),
  }
}

type Told = [fate: Fate, because: string[]]

function told(message: Message, traffic: Traffic, world: World): Told {
  if (message.call.kind === 'reply') return toldOfReply(message, traffic, world)
  const proof = proofOf(message, traffic, world)
  if (isOthersWork(message, traffic)) return withoutWork(message, world, proof.because)
  const nodes = nodesReached(message)
  if (proof.times > 1) return ['done more than once', [proof.because]]
  if (nodes.length > 1)
    return [
      'done more than once',
      [`${nodes.length} publishes reached ${nodes.join(' and ')}`, proof.because],
    ]
  if (proof.times === 1) return ['done', [proof.because]]
  const late = lateResult(message, world) ?? refusedResult(message, traffic, world)
  return late === undefined ? withoutWork(message, world, proof.because) : ['moot', [late]]
}

function withoutWork(message: Message, world: World, proven: string): Told {
  const [fate, because] = furthest(message, world)
  return [fate, [...because, proven]]
}

/**
 * An action that ran twice has two results. Of one that was taken out its action's state says nothing, if the other one
 * has arrived.
 */
function isOthersWork({ call, sends, deliveries }: Message, traffic: Traffic): boolean {
  if (call.method !== 'on_action_complete' || ![...sends, ...deliveries].some(isOut)) return false
  if (deliveries.some(({ reached }) => reached !== 'no')) return false
  return traffic.messages
    .values()
    .some(
      (other) =>
        other.call.method === call.method &&
        other.call.action === call.action &&
        other.deliveries.some(({ reached }) => reached !== 'no'),
    )
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

/** A result that says otherwise than another one of its action, which an engine has taken: it refuses all but the first. */
function refusedResult(
  { call, deliveries }: Message,
  { messages }: Traffic,
  world: World,
): string | undefined {
  if (call.method !== 'on_action_complete' || deliveries.every(({ reached }) => reached === 'no'))
    return undefined
  const row = call.action === undefined ? undefined : world.action(call.action)
  if (!row || row.expired || !isTerminal(row)) return undefined
  const taken = messages
    .values()
    .find(
      (other) =>
        other.call.method === call.method &&
        other.call.action === call.action &&
        (other.call.failed ? 'ERROR' : 'SUCCESS') === row.state &&
        other.deliveries.some(({ reached }) => reached !== 'no'),
    )
  return taken && `its action is ${row.state} by another result, message ${taken.call.identity}`
}

/** How far a message came whose work was not seen. */
function furthest({ sends, deliveries, call }: Message, world: World): Told {
  const arrived = deliveries.filter(({ reached }) => reached !== 'no')
  if (arrived.some((one) => one.noAck || isSettled(one))) return ['acknowledged and its work never seen', []]
  if (arrived.some(({ side }) => side === 'service'))
    return ['unknown', ['whether it reached the node, behind a real Toxiproxy, was not seen']]
  if (arrived.length > 0) return ['delivered and never acknowledged', []]
  const out = deliveries.filter(isOut)
  if (out.some((one) => one.noAck || isSettled(one))) return ['never reached its consumer', []]
  const kept = out.find((one) => !one.over && settlementOf(one) === undefined)
  if (kept)
    return [
      'parked',
      [`the broker waits for its acknowledgement on connection ${kept.connection} of ${kept.link}`],
    ]
  const forwarded = sends.filter(({ reached }) => reached !== 'no')
  if (forwarded.length === 0) return ['never reached the broker', []]
  if (forwarded.every(({ answer, queues }) => answer?.how === 'return' || queues?.length === 0))
    return ['unroutable', [`no queue was bound for ${forwarded[0]?.routingKey}`]]
  return undelivered(forwarded, call.timeoutMs, world)
}

/** The broker was told that it is done with. */
function isSettled(delivery: Delivery): boolean {
  const settlement = settlementOf(delivery)
  return settlement !== undefined && !settlement.requeue
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

/** What was done to a message on its way that explains its fate. */
function howCame({ sends, deliveries }: Message, fate: Fate): string | undefined {
  switch (fate) {
    case 'never reached the broker':
      return where(sends.find(isOut), 'it was taken out')
    case 'never reached its consumer':
    case 'never delivered':
    case 'parked':
      return where(deliveries.find(isOut), 'it was taken out')
    case 'delivered and never acknowledged':
      return where(
        deliveries.find(({ answer }) => answer && isOut(answer)),
        'its ack was taken out',
      )
    case 'done more than once':
      return where(
        [...sends, ...deliveries].find(({ inserted }) => inserted),
        'a second copy was put in',
      )
    default:
      return undefined
  }
}

const where = (passage: Passage | undefined, what: string): string | undefined =>
  passage && `${what} on ${passage.link}`
