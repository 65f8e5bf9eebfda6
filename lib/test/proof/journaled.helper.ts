import { Bindings } from '../../ledger/messages/bindings.ts'
import type { Entry } from '../../ledger/entries.ts'
import type { Traced } from './firehose.helper.ts'

/** `publish u1 to openstack/mistral_executor → mistral_executor`: two sources tell the same if their lines are the same. */
const lineOf = (what: string, identity: string, exchange: string, routingKey: string, queues: string[]) =>
  `${what} ${identity} to ${exchange}/${routingKey} → ${queues.join(', ') || 'nowhere'}`

const again = (redelivered: boolean): string => (redelivered ? 'redeliver' : 'deliver')

/** A line for each publish and delivery of an RPC message that a journal has, sorted. */
export function journaledLines(entries: readonly Entry[]): string[] {
  const bindings = new Bindings()
  const lines: string[] = []
  for (const entry of entries) {
    bindings.see(entry)
    if (entry.kind === 'message.published' && entry.call) {
      const { exchange, routingKey, call } = entry
      // A reply to somebody who is not on a link goes to a queue whose declaration was not seen.
      const queues = bindings.route(exchange, routingKey) ?? (exchange === '' ? [routingKey] : ['unknown'])
      lines.push(lineOf('publish', call.identity, exchange, routingKey, queues.toSorted()))
    }
    if (entry.kind === 'message.delivered' && entry.call) {
      const { exchange, routingKey, call, queue = 'unknown', redelivered } = entry
      lines.push(lineOf(again(redelivered), call.identity, exchange, routingKey, [queue]))
    }
  }
  return lines.toSorted()
}

/** The same lines from RabbitMQ's own tracer, of the connections that come from these ports. */
export function tracedLines(traced: readonly Traced[], ports: ReadonlySet<number>): string[] {
  return traced
    .filter(({ port }) => ports.has(port))
    .map(({ what, identity, exchange, routingKey, queues, redelivered }) =>
      lineOf(what === 'publish' ? what : again(redelivered), identity, exchange, routingKey, queues),
    )
    .toSorted()
}
