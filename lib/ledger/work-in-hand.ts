import { isOut } from './messages/passages.ts'
import { nodeOf, type Message, type Traffic } from './messages/traffic.ts'
import type { ScenarioFacts } from './facts.ts'

/**
 * What a node had in hand at an entry of the journal, a line for each: messages that it had not acknowledged, calls of
 * its own that had not been answered, and messages after which it had committed nothing yet.
 */
export function workInHand(facts: ScenarioFacts, node: string, ordinal: number): string[] {
  const { past, judgedEntries } = facts
  const lastCommit =
    judgedEntries.findLast(
      (entry) =>
        entry.kind === 'transaction.ended' &&
        entry.ordinal < ordinal &&
        entry.outcome === 'committed' &&
        entry.touched.length > 0 &&
        nodeOf(entry.link) === node,
    )?.ordinal ?? 0
  return [...past.freshMessages()].flatMap((message) => {
    const { identity, method, kind } = message.call
    const name = `${kind === 'reply' ? 'reply' : method} ${identity}`
    const got = message.deliveries.filter(
      (one) => nodeOf(one.link) === node && one.ordinal < ordinal && !isOut(one),
    )
    if (got.some(({ answer, noAck }) => !noAck && (answer === undefined || answer.ordinal > ordinal)))
      return [`${name}: delivered and not acknowledged`]
    if (kind !== 'reply' && got.some(({ ordinal: at }) => at > lastCommit))
      return [`${name}: delivered, and nothing committed since`]
    return waitsFor(message, past.traffic, node, ordinal) ? [`${name}: not answered`] : []
  })
}

function waitsFor(message: Message, traffic: Traffic, node: string, ordinal: number): boolean {
  const { call, sends } = message
  if (call.kind !== 'call' || !sends.some(({ link, ordinal: at }) => nodeOf(link) === node && at < ordinal))
    return false
  const answered = traffic.replyTo(message)?.deliveries.some(({ ordinal: at }) => at < ordinal)
  return answered !== true
}
