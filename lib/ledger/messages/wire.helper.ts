/** The wire's part of journals that are written by hand. */
import type { Fact } from '../entries.ts'
import type { Story } from '../story.helper.ts'
import type {
  CallFact,
  MessageAcked,
  MessageConfirmed,
  MessageDelivered,
  MessagePublished,
} from '../wire-entries.ts'

export const runAction = (action: string, more: Partial<CallFact> = {}): CallFact => ({
  driver: 'oslo',
  kind: 'cast',
  method: 'run_action',
  judged: true,
  identity: `u:run:${action}`,
  action,
  ...more,
})
export const result = (action: string, more: Partial<CallFact> = {}): CallFact => ({
  ...runAction(action),
  method: 'on_action_complete',
  identity: `u:result:${action}`,
  ...more,
})
export const startWorkflow = (workflow: string): CallFact => ({
  driver: 'oslo',
  kind: 'call',
  method: 'start_workflow',
  judged: true,
  identity: `u:start:${workflow}`,
  msgId: `m:start:${workflow}`,
  replyTo: 'reply_1',
  timeoutMs: 10_000,
  workflow,
})
export const replyTo = (call: CallFact, more: Partial<CallFact> = {}): CallFact => ({
  driver: 'oslo',
  kind: 'reply',
  method: '',
  judged: false,
  identity: `u:reply:${call.identity}`,
  msgId: call.msgId ?? '',
  ...more,
})

export const opened = (link: string, connection = 1): Fact => ({
  kind: 'connection.opened',
  link,
  connection,
  side: 'node',
})
/** All that was received was handed on, unless told otherwise. */
export const closed = (link: string, forwarded = 10_000, connection = 1): Fact => ({
  kind: 'connection.closed',
  link,
  connection,
  received: { upstream: 10_000, downstream: 10_000 },
  forwarded: { upstream: forwarded, downstream: forwarded },
})
/** A topic exchange with a queue that its own name routes to. */
export const bound = (queue: string): Story => [
  [5, { kind: 'exchange.declared', ...seen('engine-1.rabbitmq'), exchange: 'openstack', type: 'topic' }],
  [5, { kind: 'queue.declared', ...seen('engine-1.rabbitmq'), queue, messages: 0, consumers: 0 }],
  [5, { kind: 'queue.bound', ...seen('engine-1.rabbitmq'), queue, exchange: 'openstack', routingKey: queue }],
]

const seen = (link: string) => ({ link, connection: 1, channel: 1 })

export const published = (
  node: string,
  tag: number,
  call: CallFact | undefined,
  more: Partial<MessagePublished> = {},
): MessagePublished => ({
  kind: 'message.published',
  ...seen(`${node}.rabbitmq`),
  tag,
  exchange: 'openstack',
  routingKey: call?.method === 'run_action' ? 'mistral_executor' : 'mistral_engine',
  size: 100,
  until: 100 * tag,
  ...(call && { call }),
  ...more,
})
export const confirmed = (
  node: string,
  tag: number,
  more: Partial<MessageConfirmed> = {},
): MessageConfirmed => ({
  kind: 'message.confirmed',
  ...seen(`${node}.rabbitmq`),
  tag,
  multiple: false,
  nack: false,
  until: 100 * tag,
  ...more,
})
/** On another connection of the node than the one that it publishes on. */
export const delivered = (
  node: string,
  tag: number,
  call: CallFact | undefined,
  more: Partial<MessageDelivered> = {},
): MessageDelivered => ({
  kind: 'message.delivered',
  ...seen(`${node}.rabbitmq`),
  connection: 2,
  tag,
  queue: call?.method === 'run_action' ? 'mistral_executor' : 'mistral_engine',
  redelivered: false,
  exchange: 'openstack',
  routingKey: '',
  size: 100,
  until: 100 * tag,
  ...(call && { call }),
  ...more,
})
export const acked = (node: string, tag: number, more: Partial<MessageAcked> = {}): MessageAcked => ({
  kind: 'message.acked',
  ...seen(`${node}.rabbitmq`),
  connection: 2,
  tag,
  multiple: false,
  how: 'ack',
  requeue: false,
  until: 20 * tag,
  ...more,
})

type Passing = MessagePublished | MessageConfirmed | MessageDelivered | MessageAcked

/** The lane that a message passes on. */
const streamOf = ({ kind }: Passing) =>
  kind === 'message.published' || kind === 'message.acked' ? 'upstream' : 'downstream'

/** It was taken out, or has gone on after all. */
const altered =
  (kind: 'message.withheld' | 'message.released') =>
  (fact: Passing): Fact => {
    const { link, connection, until = 0 } = fact
    return { kind, link, connection, stream: streamOf(fact), until }
  }
export const withheld = altered('message.withheld')
export const released = altered('message.released')
/** The same as what nobody has sent. */
export function putIn<F extends Passing>(fact: F): F {
  const { until: _, ...rest } = fact
  return { ...(rest as F), inserted: true }
}

/** One message on its way from one node to another, as it should be. */
export const passed = (
  at: number,
  call: CallFact,
  [from, sent]: [node: string, tag: number],
  [to, got]: [node: string, tag: number],
): Story => [
  [at, published(from, sent, call)],
  [at + 1, confirmed(from, sent)],
  [at + 2, delivered(to, got, call)],
  [at + 3, acked(to, got)],
]
