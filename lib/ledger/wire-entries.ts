/**
 * What was seen on the wire. The link is a connection's identity, `connection` its number in the order of acceptance
 * on the link; `until` is the offset in the lane behind the message's last byte; what was put in by a toxic has none.
 *
 * All of it is seen where the bytes arrive at our proxy: on the client's side of the toxics for what the client sends,
 * on the service's side for what the service sends. `connection.closed` tells how far each lane was handed on, so that
 * a message whose `until` lies beyond never arrived, nor did one that was withheld and not released. Behind a real
 * Toxiproxy our proxy stands on the service's side of its toxics, see `ConnectionOpened.side`.
 */

export type WireFact =
  | ConnectionOpened
  | ConnectionClosed
  | ConnectionOpaque
  | ConnectionBlocked
  | ConnectionUnblocked
  | ChannelClosed
  | MessagePublished
  | MessageConfirmed
  | MessageReturned
  | MessageDelivered
  | MessageAcked
  | MessageWithheld
  | QueueDeclared
  | QueueDeleted
  | QueueBound
  | ExchangeDeclared
  | ConsumerBegun
  | ConsumerCancelled
  | TransactionBegun
  | TransactionFailed
  | TransactionEnded

const WIRE = /^(?:connection|channel|message|queue|exchange|consumer|transaction)\./

/** Whether a fact was seen on the wire: most of a journal is. */
export const isWireFact = ({ kind }: { kind: string }): boolean => WIRE.test(kind)

/** Where something was seen. */
interface Seen {
  /** `engine-1.rabbitmq` */
  link: string
  /** 1, 2, 3 … in the order of acceptance on the link. */
  connection: number
  /** The side that it comes from has not sent it: it was put in on the way to the other. */
  inserted?: true
}

export interface ConnectionOpened extends Seen {
  kind: 'connection.opened'
  /** node: the bytes of the node had met no toxic yet. service: they had passed those of a real Toxiproxy. */
  side: 'node' | 'service'
}

/** Bytes of each direction, `upstream` being from the node to the service. */
export type LaneCounts = Record<'upstream' | 'downstream', number>

export interface ConnectionClosed extends Seen {
  kind: 'connection.closed'
  received: LaneCounts
  /** Handed on to the destination's system; more is not known. */
  forwarded: LaneCounts
  /** `disabled`, or the toxic's name, if it was cut. */
  cutBy?: string
}

/** Its bytes are not, or no longer, what they should be: they pass, and nothing more is known of them. */
export interface ConnectionOpaque extends Seen {
  kind: 'connection.opaque'
  reason: string
}

export interface ConnectionBlocked extends Seen {
  kind: 'connection.blocked'
  reason: string
}
export interface ConnectionUnblocked extends Seen {
  kind: 'connection.unblocked'
}

/** The broker takes back what was not acknowledged. Without a code it was closed in order. */
export interface ChannelClosed extends Seen {
  kind: 'channel.closed'
  channel: number
  by: 'client' | 'broker'
  code: number
  text: string
}

/** An RPC message, as its envelope tells it. */
export interface CallFact {
  driver: 'oslo' | 'kombu'
  /** request: a call or a cast, in a body that was too long to tell. */
  kind: 'call' | 'cast' | 'fanout' | 'request' | 'reply'
  /** '' for a reply. */
  method: string
  /** The ledger accounts for it; heartbeats, fan-outs, pings and what is not known are only counted. */
  judged: boolean
  /** Identifies the message: a client that sends it again sends the same. '' if it could not be told. */
  identity: string
  /** Correlates a call and its reply. */
  msgId?: string
  replyTo?: string
  /** Executions, tasks and actions that it names. */
  workflow?: string
  task?: string
  action?: string
  actions?: string[]
  timeoutMs?: number
  /** Of a result or a reply: an error. */
  failed?: boolean
}

export interface MessagePublished extends Seen {
  kind: 'message.published'
  channel: number
  /**
   * Its number among the channel's publishes, by which a confirm names it; 0: the channel has no confirms, or the client
   * has not made it.
   */
  tag: number
  exchange: string
  routingKey: string
  mandatory?: true
  expirationMs?: number
  /** Bytes of its body. */
  size: number
  until?: number
  /** undefined: not an RPC message. */
  call?: CallFact
  /** Its text without secrets, cut at a bound. */
  body?: string
}

/** By the broker, for the publisher. */
export interface MessageConfirmed extends Seen {
  kind: 'message.confirmed'
  channel: number
  tag: number
  /** All up to this tag. */
  multiple: boolean
  nack: boolean
  until?: number
}

/** Mandatory, and routed to no queue. */
export interface MessageReturned extends Seen {
  kind: 'message.returned'
  channel: number
  code: number
  exchange: string
  routingKey: string
  call?: CallFact
  until?: number
}

export interface MessageDelivered extends Seen {
  kind: 'message.delivered'
  channel: number
  tag: number
  /** undefined: its consumer's beginning was not seen. */
  queue?: string
  /** The consumer acknowledges nothing. */
  noAck?: true
  redelivered: boolean
  exchange: string
  routingKey: string
  size: number
  until?: number
  call?: CallFact
}

/** By the consumer. */
export interface MessageAcked extends Seen {
  kind: 'message.acked'
  channel: number
  tag: number
  multiple: boolean
  how: 'ack' | 'nack' | 'reject'
  /** The broker is to deliver it again. */
  requeue: boolean
  until?: number
}

/**
 * Withheld: the message was taken out and did not go on. Released: it has gone on after all, by itself, behind what had
 * gone on meanwhile. Its lane and `until` say which it is; what is not journaled may be withheld too.
 */
export interface MessageWithheld extends Seen {
  kind: 'message.withheld' | 'message.released'
  stream: keyof LaneCounts
  until: number
}

export interface QueueDeclared extends Seen {
  kind: 'queue.declared'
  queue: string
  /** Ready messages and consumers at that moment. */
  messages: number
  consumers: number
}
export interface QueueDeleted extends Seen {
  kind: 'queue.deleted'
  queue: string
}
export interface QueueBound extends Seen {
  kind: 'queue.bound'
  queue: string
  exchange: string
  routingKey: string
  /** The binding was taken away. */
  unbound?: true
}

export interface ExchangeDeclared extends Seen {
  kind: 'exchange.declared'
  exchange: string
  /** direct, fanout, topic or headers. */
  type: string
}

export interface ConsumerBegun extends Seen {
  kind: 'consumer.begun'
  channel: number
  queue: string
  consumer: string
}
export interface ConsumerCancelled extends Seen {
  kind: 'consumer.cancelled'
  channel: number
  consumer: string
  by: 'client' | 'broker'
}

/** By its BEGIN; one without (a statement of its own) is only told when it has ended, if it wrote. */
export interface TransactionBegun extends Seen {
  kind: 'transaction.begun'
  /** 1, 2, 3 … on its connection. */
  transaction: number
}

/** The server refuses everything until it is rolled back, or rolled back to a savepoint. */
export interface TransactionFailed extends Seen {
  kind: 'transaction.failed'
  transaction: number
  sqlstate: string
  error: string
}

export interface TransactionEnded extends Seen {
  kind: 'transaction.ended'
  transaction: number
  /** ambiguous: its COMMIT was handed on and not answered. lost: its connection ended before, and the server rolls it back. */
  outcome: 'committed' | 'rolled back' | 'prepared' | 'ambiguous' | 'lost'
  statements: number
  /** What it wrote or locked, `update action_executions_v2`, each once. */
  touched: string[]
  /** Ids that it names, each once, up to a bound. */
  ids: string[]
  sqlstate?: string
}
