import type { ConnectionOpened } from '../wire-entries.ts'

/** Whether a message's last byte was handed on: `open` while its connection lives. */
export type Reached = 'yes' | 'no' | 'open'

/** An entry of the journal. */
export interface Moment {
  ordinal: number
  at: number
}

/** Something was taken out of its lane on its way, and may have been let go later. */
export interface Hold {
  withheld: Moment
  released?: Moment
  /** Messages that went by meanwhile, by identity; the first ones. */
  overtakenBy: string[]
}

export interface Passage extends Moment {
  /** The message's. */
  identity: string
  link: string
  connection: number
  channel: number
  tag: number
  reached: Reached
  /** It was taken out, and its connection has ended: the broker takes it back, where it waits for an answer. */
  over?: true
  /** Where it was seen: behind a real Toxiproxy the service's side alone is. */
  side: ConnectionOpened['side']
  /** Nobody sent it: it was put in on its way. */
  inserted?: true
  held?: Hold
}

interface Answer<How> extends Moment {
  how: How
  held?: Hold
}

/** One publish of a message. */
export interface Send extends Passage {
  exchange: string
  routingKey: string
  expirationMs?: number
  /** By the bindings at that moment; undefined: they are not known. */
  queues: string[] | undefined
  /** By the broker; a confirm that was taken out was given all the same. */
  answer: Answer<'ack' | 'nack' | 'return'> | undefined
  /** A confirm that was put in: the broker knows nothing of it. */
  putIn?: Answer<'ack' | 'nack'>
}

export type Settlement = Answer<'ack' | 'nack' | 'reject'> & { requeue: boolean }

/** One delivery of a message to one consumer. */
export interface Delivery extends Passage {
  queue: string | undefined
  redelivered: boolean
  noAck: boolean
  /** By the consumer. */
  answer: Settlement | undefined
  /** Put in: the consumer knows nothing of it. */
  putIn?: Settlement
}

/** It was taken out on its way, and has not gone on. */
export const isOut = ({ held }: { held?: Hold }): boolean => held !== undefined && held.released === undefined

/** What the broker has been told of a delivery. */
export function settlementOf({ answer, putIn }: Delivery): Settlement | undefined {
  return answer && !isOut(answer) ? answer : putIn
}
