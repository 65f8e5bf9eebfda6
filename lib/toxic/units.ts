import type { AmqpMessage } from '../wire/amqp/message.ts'
import type { PostgresMessage } from '../wire/postgres/messages.ts'
import type { RpcCall } from '../wire/rpc/call.ts'

export type Protocol = 'amqp' | 'postgres'

/** A piece of a message that goes on as it comes, and that nobody can strike. */
export interface Piece {
  readonly protocol: undefined
  readonly channel: number
  /** Nothing may come between it and the next piece. */
  readonly inFrame: boolean
  /** Nothing of its channel may come between it and the next piece. */
  readonly inMessage: boolean
}

/** A message on its way through a lane. */
export type Unit = AmqpUnit | PostgresUnit

interface UnitOf<P extends Protocol, M> {
  readonly protocol: P
  readonly message: M
  /** In the lane as its tap sees it, the offset behind its last byte; undefined: a toxic made it. */
  readonly until: number | undefined
  /** Nothing of the other may come behind it: it goes first, however long it was to be kept. */
  ends?(other: Unit): boolean
}

export interface AmqpUnit extends UnitOf<'amqp', AmqpMessage> {
  /** Of a publish, its number among the channel's, by which a confirm names it; 0: the channel has no confirms. */
  readonly number: number
  /** Of a delivery, its consumer's; undefined if the consumer's beginning was not seen. */
  readonly queue: string | undefined
  /** Mistral's call, or a reply; undefined: it is none. Decoded when it is asked for. */
  readonly call: RpcCall | undefined
  /** Of an ack, nack or confirm, what it answers, as far as that was seen by a toxic that asks for it. */
  readonly answers: readonly AmqpUnit[]
  /** The same once more, which no peer has sent. */
  copy(): AmqpUnit
}

export interface PostgresUnit extends UnitOf<'postgres', PostgresMessage> {
  /** Of a message from the client, and of what answers it: the text of its statement; undefined if it is not known. */
  readonly query: string | undefined
  /**
   * It is the first message that executes its statement, or the first that answers that: whoever strikes it strikes the
   * statement.
   */
  readonly opens: boolean
  /**
   * The tables that its statement touches; of one that commits, those too that its transaction has written. undefined if
   * they are not known.
   */
  readonly tables: readonly string[] | undefined
  /** What its transaction has said before it; undefined if that is not known. */
  readonly earlier: readonly string[] | undefined
}
