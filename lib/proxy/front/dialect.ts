import type { Piece, Protocol, Unit } from '../../toxic/units.ts'
import type { Stream } from '../../toxic.ts'
import type { Toxic } from '../stage-host.ts'
import type { Head, Interest } from './amqp/head.ts'

/** Where a dialect puts what it has cut. */
export interface Cuts {
  /** A whole message; what it is, once it is known where it ends for the tap. */
  unit(stream: Stream, bytes: Buffer, unit: (until: number) => Unit): void
  /** A piece of a message that nobody may strike: it is too long, or had begun before it could be struck. */
  piece(stream: Stream, bytes: Buffer, piece: Piece): void
  /** What toxics want of a message of AMQP; one of which they want nothing may go on as pieces, if it is whole. */
  interest(stream: Stream, head: Head): Interest
  /** A message of AMQP is too long to be struck. */
  tooLong(stream: Stream, head: Head): void
  /** What a peer has sent and a toxic keeps from the other; `whole`: a message ends with it. */
  withhold(stream: Stream, bytes: Buffer, whole: boolean): void
  /** What answers something that the other side has not sent: nobody hears of it. */
  swallow(stream: Stream, bytes: Buffer): void
  /** The connection ends behind what has gone on. */
  close(stream: Stream, toxic: Toxic): void
  /** A whole message of our own, which no toxic sees, behind what has left. */
  insert(stream: Stream, bytes: Buffer, channel: number): void
}

/** What of a lane has left and is not whole: a frame, and messages of these channels. */
export interface Within {
  readonly inFrame: boolean
  readonly channels: readonly number[]
}

/**
 * What has to be known of a protocol so that single messages can be taken out of a connection and put into it: where they
 * begin and end, and what both sides count.
 */
export interface Dialect {
  readonly protocol: Protocol
  /** Bytes that go on as they are. */
  follow(stream: Stream, bytes: Buffer): void
  /** Begins to cut: what arrives from now on goes on message by message. */
  begin(): Record<Stream, Within>
  /** Bytes that go on as what is cut from them. */
  cut(stream: Stream, bytes: Buffer): void
  /** Takes what there is of a message that is not whole: the lane has ended, or its bytes are not understood. */
  rest(stream: Stream): Buffer
  /** It can follow again: nothing is in hand, and both sides count alike. */
  readonly canFollow: boolean
  /** Why nothing can be struck any more, once it is so. */
  readonly opaque: string | undefined
  /**
   * What a message is to the side that it goes to; undefined: it must not go there any more. A unit with `until` has come
   * from the other side.
   * @param isLate it has been kept, and does not leave in its place.
   */
  leaving(stream: Stream, bytes: Buffer, unit: Unit, isLate: boolean): readonly Buffer[] | undefined
  /** Pieces of the channel's messages must not go on. */
  drops?(stream: Stream, channel: number): boolean
  /** A toxic has taken it: it does not go on, or later and by itself. */
  withheld(stream: Stream, unit: Unit): void
}
