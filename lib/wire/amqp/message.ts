import type { ContentMethodName, Fields, MethodName, Properties } from './specification.ts'

/** Where in its lane a message is. Frames of other channels may be between its own. */
export interface Place {
  readonly channel: number
  /** The lane's offset of its first byte. */
  readonly offset: number
  /** The lane's offset behind its last byte: whoever has the lane's bytes up to here has the message. */
  readonly end: number
  /** Bytes on the wire of all its frames. */
  readonly size: number
}

/** A content: header and body. */
export interface Content {
  readonly properties: Properties
  /** What the header says, in bytes. */
  readonly bodySize: number
  /**
   * The body, or its head if it is truncated. It may be a view of the chunk that it arrived in: its bytes stay as they
   * are, but whoever keeps it keeps the whole chunk in memory, and copies it if that is too much.
   */
  readonly body: Buffer
  /** More of the body has passed than was kept. */
  readonly truncated: boolean
}

type MethodMessage<M extends MethodName> = Place & {
  readonly method: M
  readonly fields: Fields<M>
  readonly content: M extends ContentMethodName ? Content : undefined
}

type OtherMessage<M extends string, F> = Place & {
  readonly method: M
  readonly fields: F
  readonly content: undefined
}

/** Of `AMQP` 0 0 9 1, the last four octets. */
export interface ProtocolHeader {
  readonly protocolId: number
  readonly versionMajor: number
  readonly versionMinor: number
  readonly revision: number
}

/**
 * A whole message: a method, with its content if it has one, or what else there is on a lane. `unknown` are methods that
 * no specification known here has. `malformed` is what nobody can take for a message though its frames are sound; a
 * broker answers it by closing the connection.
 */
export type AmqpMessage =
  | { [M in MethodName]: MethodMessage<M> }[MethodName]
  | OtherMessage<'heartbeat', Record<string, never>>
  | OtherMessage<'protocol-header', ProtocolHeader>
  | OtherMessage<`unknown.${number}.${number}`, Record<string, never>>
  | OtherMessage<'malformed', { readonly reason: string }>

/** A message with a content that has begun and is not whole. */
export type UnfinishedMessage = {
  [M in ContentMethodName]: Omit<Place, 'end'> & {
    readonly method: M
    readonly fields: Fields<M>
    /** What has arrived of it; undefined until its header has. */
    readonly content: Content | undefined
  }
}[ContentMethodName]
