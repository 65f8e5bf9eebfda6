/**
 * The contract of a toxic. The toxic decides, the engine waits: hooks are synchronous, while chunks, timers,
 * order and bounds belong to the engine. All times are milliseconds on the clock of `lane.now()`.
 */

import type { Piece, Protocol, Unit } from './toxic/units.ts'

/** One direction of a connection: `upstream` is client to server, `downstream` server to client. */
export type Stream = 'upstream' | 'downstream'

/** An attribute as data; validation, help and documentation are derived from it. */
export type Attribute = NumberAttribute | ChoiceAttribute | TextAttribute

interface AttributeOf<Value> {
  /** Without a default it must be given when the toxic is made. */
  readonly default?: Value
  /** Toxiproxy's toxic of this type does not have it: shown only where it is not the default, since clients compare. */
  readonly ours?: boolean
  readonly about: string
}

/** A whole number. */
export interface NumberAttribute extends AttributeOf<number> {
  readonly unit: string
  readonly min: number
  /** Default `MAX_ATTRIBUTE`. */
  readonly max?: number
}

/** One of some words. */
export interface ChoiceAttribute extends AttributeOf<string> {
  readonly choices: readonly string[]
}

/** Any text, or the source of a regular expression; the empty one only where it is the default, and means none. */
export interface TextAttribute extends AttributeOf<string> {
  readonly text: 'plain' | 'pattern'
  /** A regular expression that the whole text must have. */
  readonly form?: string
}

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>

export type AttributeValue = number | string

/** A toxic's attributes as they are set, by name. */
export type AttributeValues = Readonly<Record<string, AttributeValue>>

/** The values that attributes can have, each as narrow as its definition. */
export type ValuesOf<A extends Attributes> = {
  readonly [Name in keyof A]: A[Name] extends { choices: readonly (infer Choice)[] }
    ? Choice
    : A[Name] extends { unit: string }
      ? number
      : A[Name] extends { text: string }
        ? string
        : AttributeValue
}

/** The longest that a timer of the platform can wait, in ms (24.8 days), and enough for rates and sizes too. */
export const MAX_ATTRIBUTE = 2 ** 31 - 1

export interface Chunk {
  readonly bytes: Buffer
  /** Arrival at this toxic, so that stacked delays add. */
  readonly at: number
  /** The message that the bytes are, for toxics that act on messages. */
  readonly unit?: Unit | Piece | undefined
}

/** How many of the bytes that are left leave next, and when. */
export type Pace = (left: number) => { size: number; due: number }

/** What a toxic may do to the lane that it sits in. Everything that it does is counted. */
export interface ToxicLane<A extends Attributes = Attributes> {
  readonly stream: Stream
  /** Always the current ones. */
  readonly attributes: ValuesOf<A>
  /** The other direction: bytes sent there go to its destination, behind what has left its chain. */
  readonly pair: { send(bytes: Buffer): void }
  /** What this toxic's lanes have in common, on all connections of its proxy; `make` makes it for the first. */
  shared<T extends object>(make: () => T): T
  now(): number
  /** A number in [0, 1) from the run's seed and this toxic's place in it. */
  random(): number
  /** Passes it on, not before `due` and never ahead of what was sent earlier, unless `aside`. */
  send(chunk: Chunk, due?: number, options?: { aside?: boolean }): void
  /**
   * Passes it on piece by piece, behind what was sent earlier. `next` is asked when a piece's turn has come, so that
   * what others do meanwhile counts, and anew when this toxic has changed: a rate holds, also while it is changed.
   */
  pace(chunk: Chunk, next: Pace): void
  /** Keeps it, and whatever is sent after it, until this toxic is changed or removed. */
  hold(chunk: Chunk): void
  /** Keeps it while others pass, until the given function is called, or this toxic is changed or removed. */
  keep(chunk: Chunk): () => void
  drop(chunk: Chunk): void
  /** Passes on at once what it has kept, held or delayed, in order; its timers end. */
  release(): void
  /** Passes on the end of the stream, behind all data. */
  end(due?: number): void
  /** Closes both sockets of the connection at once: what is in hand is lost. */
  close(): void
  /** Closes both sockets of the connection, once what was sent has left. */
  finish(): void
  /** Resets both sockets of the connection (TCP RST). */
  reset(): void
  /** Runs it once, unless the toxic is changed or removed before. */
  after(ms: number, run: () => void): void
}

/** What a toxic does on one lane; what has no hook passes. A hook that throws ends its connection. */
export interface Hooks {
  data?(chunk: Chunk): void
  /** Of a toxic that acts on messages: one that it was told to strike. What it does not send or keep is gone: drop it. */
  strike?(chunk: Chunk): void
  /** Of such a toxic: whether it can strike one that matches; one that it cannot is not counted. */
  matches?(chunk: Chunk): boolean
  /** Of such a toxic: what it does instead on an open connection, if it asks for no message. @returns in words what it did. */
  atOnce?(): string | undefined
  /** The source has ended (or was reset): call `lane.end()` now or later. */
  end?(): void
  /**
   * The attributes really have changed. What was delayed or held has left and the timers are gone; what is paced is
   * still in hand, with what was sent behind it, and its next piece is asked for after this.
   */
  updated?(): void
}

/** Methods by stream. */
export type Struck = Readonly<Partial<Record<Stream, readonly string[]>>>

/** The messages that a toxic can strike. */
export interface Strikable {
  readonly protocol: Protocol
  /** Methods of AMQP, or messages of PostgreSQL, on each stream; `*` is any. */
  readonly on: Struck
  /** Those of them that it strikes with these attributes; without it all. */
  only?(attributes: AttributeValues): Struck
  /** Where it acts if nobody says: on both it would act twice. */
  readonly usually?: Stream
  /** What is matched is the message that the struck one answers: of an ack, what was delivered. */
  readonly answers?: boolean
}

export interface ToxicDefinition<A extends Attributes = Attributes> {
  /** The wire name, which is also the file's name. */
  readonly type: string
  /** One sentence for help and documentation. */
  readonly about: string
  readonly attributes: A
  /** It loses data, so a connection that it acted on cannot go on without it; `always`: one that it never acted on neither. */
  readonly closesWhenRemoved?: boolean | 'always'
  /** It acts on messages, see `defineAmqpToxic` and `definePostgresToxic`. */
  readonly strikes?: Strikable
  /** Called once per lane that toxicity chose; the toxic's state is what the hooks close over. */
  open(lane: ToxicLane<A>): Hooks
}

/** What a toxic that acts on messages strikes with these attributes; of another one, nothing. */
export function struckBy({ strikes }: ToxicDefinition, attributes: AttributeValues): Struck {
  const struck = strikes?.only?.(attributes) ?? strikes?.on ?? {}
  const { method = '' } = attributes
  if (strikes?.protocol !== 'amqp' || method === '') return struck
  const isAsked = (one: string) => one === '*' || one === method
  return Object.fromEntries(
    Object.entries(struck).map(([stream, methods]) => [stream, methods.filter(isAsked)]),
  )
}

/** Whether a toxic with these attributes, all of them, does anything on a stream: one on messages may strike none there. */
export function actsOn(definition: ToxicDefinition, attributes: AttributeValues, stream: Stream): boolean {
  return !definition.strikes || (struckBy(definition, attributes)[stream] ?? []).length > 0
}

/** The stream of a toxic for which none is named: downstream, as Toxiproxy has it, unless it strikes upstream only. */
export function usualStream(definition: ToxicDefinition, attributes: AttributeValues): Stream {
  const { usually = 'downstream' } = definition.strikes ?? {}
  return actsOn(definition, attributes, usually) ? usually : 'upstream'
}

/** Types a definition by its own attributes. */
export const defineToxic = <const A extends Attributes>(definition: ToxicDefinition<A>): ToxicDefinition =>
  definition
