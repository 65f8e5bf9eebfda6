import type { AmqpPowers } from '../toxic/amqp.ts'
import type { PostgresError } from '../toxic/postgres.ts'
import type { Piece, PostgresUnit, Unit } from '../toxic/units.ts'
import type { AttributeValues, Stream, ToxicDefinition } from '../toxic.ts'
import type { Head, Interest } from './front/amqp/head.ts'
import type { Choosing } from './front/striking.ts'
import type { StrikeCount } from './strikes.ts'

/** A toxic of a proxy; its attributes and toxicity are replaced when it is changed. */
export interface Toxic {
  readonly name: string
  readonly definition: ToxicDefinition
  readonly stream: Stream
  /** The share of connections that it acts on, 0 to 1. */
  toxicity: number
  attributes: AttributeValues
  readonly strikes: StrikeCount
  /** What its lanes have in common, once one has asked for it. */
  shared?: object
}

/** How a source ended: FIN or RST; or a toxic that closes the connection behind what it has sent. */
export type Ending = 'end' | 'reset' | { readonly closedBy: Toxic }

/** What a stage sends to: the next stage, or the lane's destination. */
export interface Outlet {
  /** @param unit What the bytes are, before they have left the toxics that act on messages. */
  data(bytes: Buffer, unit?: Unit | Piece): void
  ending(how: Ending): void
  /** What it and those behind it want of a message of AMQP, before they are given it; without it nothing. */
  interest?(head: Head): Interest
  /** A message with this head is too long to be struck by it and those behind it. */
  tooLong?(head: Head): void
}

/** What becomes of statements of PostgreSQL by toxics. */
export interface PostgresPowers {
  /** The server gets something that fails in its place, and the client the error. @returns what the server gets. */
  fail(unit: PostgresUnit, error: PostgresError, toxic: Toxic): Buffer
  /** The client hears nothing of its answer, nor of what follows; `answered` runs once that has come. */
  keepUnheard(unit: PostgresUnit, answered: () => void): void
}

/** What becomes of messages by toxics. */
export interface Surgery {
  /** It does not go on, or not now. */
  withheld(unit: Unit): void
  /** One that was withheld goes on. */
  released(unit: Unit): void
  /** What it needs to choose the messages that a toxic is to strike. */
  choosing(toxic: Toxic): Choosing
  readonly amqp: AmqpPowers | undefined
  readonly postgres: PostgresPowers | undefined
  /** Nothing of the client is read. @returns what ends it. */
  block(reason: string): () => void
}

/** What a stage needs of its lane. */
export interface StageHost {
  readonly stream: Stream
  /** More, or fewer, bytes in hand. */
  held(bytes: number): void
  dropped(bytes: number): void
  /** Dropped behind an end that a toxic has set: the source is not read dry for it. */
  behindEnd(bytes: number): void
  /** Runs it as one write to the destination, and looks at the bounds afterwards. */
  batch(run: () => void): void
  /** Looks at the bounds. */
  balance(): void
  toPair(bytes: Buffer): void
  /** Where messages are taken out and put in, for toxics that act on them. */
  readonly surgery: Surgery | undefined
  /** For the first time on this lane. */
  acted(toxic: Toxic): void
  cut(toxic: Toxic, how: 'close' | 'reset'): void
  failed(toxic: Toxic, error: unknown): void
}
