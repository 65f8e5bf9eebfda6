import type { AttributeValues, Stream, ToxicDefinition } from '../toxic.ts'
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
  data(bytes: Buffer): void
  ending(how: Ending): void
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
  /** For the first time on this lane. */
  acted(toxic: Toxic): void
  cut(toxic: Toxic, how: 'close' | 'reset'): void
  failed(toxic: Toxic, error: unknown): void
}
