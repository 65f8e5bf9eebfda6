import { isOut } from './messages/passages.ts'
import { nodeOf, type Message, type Traffic } from './messages/traffic.ts'
import { ofKind, type ScenarioFacts } from './facts.ts'

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

/**
 * Identities of the messages that a node had been given, and nobody else since, when one of these faults killed it: of
 * those whose work was not seen by then it never will be.
 */
export function handsOfTheKilled(
  { judgedEntries, past }: ScenarioFacts,
  faults: readonly string[],
): Set<string> {
  const kills = ofKind(judgedEntries, 'fault.armed').filter(
    ({ fault, what }) => what === 'kill' && faults.includes(fault),
  )
  const begun = ofKind(judgedEntries, 'fault.begun')
  const dead = new Map(
    kills.flatMap(({ fault, nodes }) => {
      const ordinal = begun.find((one) => one.fault === fault)?.ordinal
      return ordinal === undefined ? [] : nodes.map((node) => [node, ordinal] as const)
    }),
  )
  if (dead.size === 0) return new Set()
  const given = [...past.freshMessages()].filter(({ deliveries }) => {
    const last = deliveries.findLast((one) => !isOut(one))
    return last !== undefined && last.ordinal < (dead.get(nodeOf(last.link)) ?? 0)
  })
  return new Set(given.map(({ call }) => call.identity))
}
