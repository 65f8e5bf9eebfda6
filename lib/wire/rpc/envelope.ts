import type { Arguments } from './arguments.ts'

/** What both drivers' envelopes say. */
export interface Envelope {
  /** `request`: a call or a cast, in a body whose end, which would tell, was not kept. */
  readonly kind: 'call' | 'cast' | 'request' | 'reply'
  /** '' for a reply, which does not name it. */
  readonly method: string
  /** A reply has its `result`, a failure nothing. */
  readonly args: Arguments
  /** oslo's `_unique_id`, which no two messages share and a resent one keeps. */
  readonly uniqueId?: string | undefined
  /** What a call and its reply have in common. */
  readonly msgId?: string | undefined
  /** The queue to which the reply of a call goes. */
  readonly replyTo?: string | undefined
  /** Of a reply: false for an exception; undefined for what only tells that the call goes on. */
  readonly ok?: boolean | undefined
  /** Of a reply that is an exception: what it says. */
  readonly failure?: string | undefined
  /** The body is not whole, and this is what its head says. */
  readonly partial: boolean
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Mistral's ids have at most 36 characters, its methods 22; AMQP's short strings 255 bytes. */
const LONGEST_NAME = 255

/** The value, if it can be an id or a method's name. */
export const asName = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME ? value : undefined
