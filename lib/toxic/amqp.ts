import type { Fields, MethodName } from '../wire/amqp/specification.ts'
import type {
  Attributes,
  AttributeValues,
  Chunk,
  Hooks,
  Strikable,
  Stream,
  Struck,
  ToxicDefinition,
  ToxicLane,
  ValuesOf,
} from '../toxic.ts'
import { name, STRIKE_COUNT } from './strike-count.ts'
import type { AmqpUnit } from './units.ts'

/** A message of AMQP that a toxic is told to strike. */
export interface AmqpChunk extends Chunk {
  readonly unit: AmqpUnit
}

/** What a broker can end. */
export type AmqpEnd = 'channel' | 'connection' | 'consumer'

/** What a toxic may do to the messages of its connection besides sending, keeping and dropping them. */
export interface AmqpPowers {
  /** The client has opened the connection, and nobody has closed it. */
  readonly isOpen: boolean
  /**
   * Tells the sender of a publish or a delivery that it has arrived, though it may not have: a publisher gets a confirm, the
   * broker an ack; `nack`: that it could not be taken (for the broker: a reject that does not requeue; `requeue`: that does).
   * @returns false if nobody waits for that: a channel without confirms, a consumer without acks.
   */
  answer(unit: AmqpUnit, how: 'ok' | 'nack' | 'requeue'): boolean
  /** There is another consumer of a delivery's queue, on whatever connection. */
  canDeliverElsewhere(unit: AmqpUnit): boolean
  /** Gives a copy of a delivery to another consumer of its queue, if there is one; rather on another connection. */
  deliverElsewhere(chunk: AmqpChunk): void
  /**
   * Ends something as the broker would: the channel or consumer of a message, or all that there are; the broker is told as
   * well. `code` 0: the usual one.
   * @returns what it did, in words; undefined: there was nothing to end.
   */
  end(what: AmqpEnd, reply: { code: number; text: string }, unit?: AmqpUnit): string | undefined
  /** Puts in a method: `upstream` for the broker, `downstream` for the client. No toxic sees it. */
  insert<M extends MethodName>(stream: Stream, channel: number, method: M, fields: Fields<M>): void
}

/** A lane of AMQP messages. */
export interface AmqpLane<A extends Attributes> extends ToxicLane<A> {
  readonly amqp: AmqpPowers
  /** Sends the same once more, under a number of its own, behind what was sent: no later toxic strikes it. */
  copy(chunk: Chunk, due?: number): void
  /**
   * Tells the client that the connection is blocked, and reads nothing of it, until the given function is called, or this
   * toxic is changed or removed.
   */
  block(reason: string): () => void
}

export interface AmqpHooks extends Omit<Hooks, 'data' | 'strike' | 'matches'> {
  /** Whether it can strike one that matches: one that it cannot is not counted. */
  matches?(chunk: AmqpChunk): boolean
  strike(chunk: AmqpChunk): void
  /**
   * What it does instead, when it is set on a connection that is open, if it asks for no message at all: it strikes none.
   * @returns in words; undefined: there was nothing to do.
   */
  atOnce?(): string | undefined
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

/** No attribute of matching asks for anything. */
export const asksForAny = (values: AttributeValues): boolean =>
  Object.entries(AMQP_MATCH).every(([name, attribute]) => values[name] === attribute.default)

/** No attribute that chooses among messages asks for anything. */
export const asksForNone = (values: AttributeValues): boolean =>
  asksForAny(values) && values['nth'] === 1 && values['probability'] === 100

type Common = typeof AMQP_MATCH & typeof STRIKE_COUNT

type Matched<A extends Attributes> = A & Omit<Common, keyof A>

export interface AmqpToxic<A extends Attributes> {
  readonly type: string
  readonly about: string
  /** Its own; those of matching are added, unless it has its own of the same name. */
  readonly attributes: A
  /** The methods that it can strike on each stream, `*`: any. */
  readonly on: Strikable['on']
  /** Those of them that it strikes with these attributes; without it all. */
  only?(attributes: ValuesOf<Matched<A>>): Struck
  readonly usually?: Stream
  readonly answers?: boolean
  open(lane: AmqpLane<Matched<A>>): AmqpHooks
}

/** A toxic that acts on messages of AMQP: the engine finds the message, the toxic strikes it. */
export function defineAmqpToxic<const A extends Attributes>(toxic: AmqpToxic<A>): ToxicDefinition {
  const { type, about, attributes, on, usually, answers = false } = toxic
  const definition: ToxicDefinition<Matched<A>> = {
    type,
    about,
    // Its own come first, and are the ones that hold.
    attributes: { ...attributes, ...AMQP_MATCH, ...STRIKE_COUNT, ...attributes },
    strikes: {
      protocol: 'amqp',
      on,
      answers,
      ...(usually && { usually }),
      ...(toxic.only && { only: (values) => toxic.only?.(values as ValuesOf<Matched<A>>) ?? on }),
    },
    // The engine opens it on lanes of AMQP only, and gives it units of AMQP only.
    open: (lane) => toxic.open(lane as AmqpLane<Matched<A>>),
  }
  return definition
}
