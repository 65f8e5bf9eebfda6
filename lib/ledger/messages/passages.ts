import type { ConnectionOpened } from '../wire-entries.ts'

/** Whether a message's last byte was handed on: `open` while its connection lives. */
export type Reached = 'yes' | 'no' | 'open'

export interface Passage {
  /** The message's. */
  identity: string
  /** The journal's entry. */
  ordinal: number
  at: number
  link: string
  connection: number
  channel: number
  tag: number
  reached: Reached
  /** Where it was seen: behind a real Toxiproxy the service's side alone is. */
  side: ConnectionOpened['side']
}

/** One publish of a message. */
export interface Send extends Passage {
  exchange: string
  routingKey: string
  expirationMs?: number
  /** By the bindings at that moment; undefined: they are not known. */
  queues: string[] | undefined
  /** By the broker. */
  answer?: { ordinal: number; at: number; how: 'ack' | 'nack' | 'return' }
}

/** One delivery of a message to one consumer. */
export interface Delivery extends Passage {
  queue: string | undefined
  redelivered: boolean
  noAck: boolean
  answer?: { ordinal: number; at: number; how: 'ack' | 'nack' | 'reject'; requeue: boolean }
}
