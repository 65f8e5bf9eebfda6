import type { Attributes, Chunk, Hooks, Strikable, ToxicDefinition, ToxicLane } from '../toxic.ts'
import { name, STRIKE_COUNT } from './strike-count.ts'
import type { PostgresUnit } from './units.ts'

/** A message of PostgreSQL that a toxic is told to strike. */
export interface PostgresChunk extends Chunk {
  readonly unit: PostgresUnit
}

/** An error as a server reports it. After FATAL it ends the connection. */
export interface PostgresError {
  readonly severity: 'ERROR' | 'FATAL'
  /** The SQLSTATE: five digits and upper-case letters. */
  readonly code: string
  readonly message: string
}

/** A lane of PostgreSQL's messages. */
export interface PostgresLane<A extends Attributes> extends ToxicLane<A> {
  /**
   * Of a statement that the client executes: the server gets one that fails in its place (for a COMMIT a ROLLBACK), and
   * its answer reaches the client as this error. With FATAL the connection then ends.
   */
  fail(chunk: PostgresChunk, error: PostgresError): void
  /**
   * Passes on a statement that the client executes, and from the first byte of the answer on nothing that the server says.
   * @param answered runs once the server has answered, unless the toxic is removed before.
   */
  sendUnheard(chunk: PostgresChunk, answered: () => void): void
}

export interface PostgresHooks extends Omit<Hooks, 'data' | 'strike'> {
  strike(chunk: PostgresChunk): void
}

/** By what a statement is chosen; what is not given matches any. */
export const POSTGRES_MATCH = {
  query: {
    text: 'pattern',
    default: '',
    ours: true,
    about: 'what the text of its statement has, as ^COMMIT; case does not count',
  },
  table: name('a table that it touches; of a COMMIT: that its transaction has written'),
  transaction: {
    text: 'pattern',
    default: '',
    ours: true,
    about: 'what an earlier statement of its transaction has; case does not count',
  },
} as const

type Matched<A extends Attributes> = A & typeof POSTGRES_MATCH & typeof STRIKE_COUNT

export interface PostgresToxic<A extends Attributes> {
  readonly type: string
  readonly about: string
  /** Its own; those of matching are added. */
  readonly attributes: A
  /** The messages that it can strike on each stream, `*`: any; of those, the first one of each statement. */
  readonly on: Strikable['on']
  readonly closesWhenRemoved?: boolean
  open(lane: PostgresLane<Matched<A>>): PostgresHooks
}

/** The client's messages that execute a statement. */
export const EXECUTES = ['Query', 'Execute'] as const

/** A toxic that acts on statements of PostgreSQL: the engine finds the message, the toxic strikes it. */
export function definePostgresToxic<const A extends Attributes>(toxic: PostgresToxic<A>): ToxicDefinition {
  const { type, about, attributes, on, closesWhenRemoved = false } = toxic
  const definition: ToxicDefinition<Matched<A>> = {
    type,
    about,
    attributes: { ...attributes, ...POSTGRES_MATCH, ...STRIKE_COUNT },
    ...(closesWhenRemoved && { closesWhenRemoved }),
    strikes: { protocol: 'postgres', on },
    // The engine opens it on lanes of PostgreSQL only, and gives it units of PostgreSQL only.
    open: (lane) => toxic.open(lane as PostgresLane<Matched<A>>),
  }
  return definition
}
