import type { Fields, MethodName } from '../wire/amqp/specification.ts'
import type { Attributes, Chunk, Hooks, Strikable, Stream, ToxicDefinition, ToxicLane } from '../toxic.ts'
import { name, STRIKE_COUNT } from './strike-count.ts'
import type { AmqpUnit } from './units.ts'

/** A message of AMQP that a toxic is told to strike. */
export interface AmqpChunk extends Chunk {
  readonly unit: AmqpUnit
}

/** What a toxic may do to the messages of its connection besides sending, keeping and dropping them. */
export interface AmqpPowers {
  /**
   * Tells the sender of a publish or a delivery that it has arrived, though it may not have: a publisher gets a confirm, the
   * broker an ack; `nack`: that it could not be taken (for the broker: a reject that does not requeue).
   * @returns false if nobody waits for that: a channel without confirms, a consumer without acks.
   */
  answer(unit: AmqpUnit, how: 'ok' | 'nack'): boolean
  /**
   * Gives a copy of a delivery to another consumer of its queue, on whatever connection.
   * @returns false if there is none.
   */
  deliverElsewhere(chunk: AmqpChunk): boolean
  /** Puts in a method: `upstream` for the broker, `downstream` for the client. No toxic sees it. */
  insert<M extends MethodName>(stream: Stream, channel: number, method: M, fields: Fields<M>): void
}

/** A lane of AMQP messages. */
export interface AmqpLane<A extends Attributes> extends ToxicLane<A> {
  readonly amqp: AmqpPowers
  /** Sends the same once more, under a number of its own, behind what was sent: no later toxic strikes it. */
  copy(chunk: Chunk, due?: number): void
}

export interface AmqpHooks extends Omit<Hooks, 'data' | 'strike'> {
  strike(chunk: AmqpChunk): void
}

/** By what a message is chosen; what is not given matches any. */
export const AMQP_MATCH = {
  call: name('the RPC method, as run_action; reply: any reply'),
  method: name('the method of AMQP, as basic.publish'),
  exchange: name('the exchange that it was published to'),
  routing_key: name('its routing key'),
  queue: name('of a delivery: the queue that it comes from'),
  workflow: name('id or name of the execution that it is about'),
  task: name('id or name of the task that it is about'),
  action: name('id or name of the action that it is about'),
  redelivered: {
    choices: ['any', 'yes', 'no'],
    default: 'any',
    ours: true,
    about: 'the broker has delivered it before',
  },
  body: { text: 'pattern', default: '', ours: true, about: 'what its body has' },
} as const

type Matched<A extends Attributes> = A & typeof AMQP_MATCH & typeof STRIKE_COUNT

export interface AmqpToxic<A extends Attributes> {
  readonly type: string
  readonly about: string
  /** Its own; those of matching are added. */
  readonly attributes: A
  /** The methods that it can strike on each stream, `*`: any. */
  readonly on: Strikable['on']
  readonly answers?: boolean
  open(lane: AmqpLane<Matched<A>>): AmqpHooks
}

/** A toxic that acts on messages of AMQP: the engine finds the message, the toxic strikes it. */
export function defineAmqpToxic<const A extends Attributes>(toxic: AmqpToxic<A>): ToxicDefinition {
  const { type, about, attributes, on, answers = false, open } = toxic
  const definition: ToxicDefinition<Matched<A>> = {
    type,
    about,
    attributes: { ...attributes, ...AMQP_MATCH, ...STRIKE_COUNT },
    strikes: { protocol: 'amqp', on, answers },
    // The engine opens it on lanes of AMQP only, and gives it units of AMQP only.
    open: (lane) => open(lane as AmqpLane<Matched<A>>) as Hooks,
  }
  return definition
}
