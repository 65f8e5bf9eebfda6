import type { Stream } from '../../../toxic.ts'
import { encodeMethod } from '../../../wire/amqp/encode.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'

/** The connection itself, among the channels. */
const CONNECTION = 0

/** One side, and what it sends: told that it is closed, and whether it has answered. */
interface Side {
  told: boolean
  answered: boolean
}

/**
 * Channels, and whole connections, that were closed in the broker's name. Each side is told that the other one has closed;
 * nothing of the channel passes from then on, and what either answers is not for the other.
 */
export class Closings {
  readonly #byChannel = new Map<number, Record<Stream, Side>>()
  readonly #insert: (stream: Stream, bytes: Buffer, channel: number) => void

  constructor(insert: (stream: Stream, bytes: Buffer, channel: number) => void) {
    this.#insert = insert
  }

  /** Nothing is being closed. */
  get isEmpty(): boolean {
    return this.#byChannel.size === 0
  }

  /** It is being closed, or the connection is. */
  has(channel: number): boolean {
    return this.#byChannel.has(CONNECTION) || this.#byChannel.has(channel)
  }

  begin(channel: number): void {
    this.#byChannel.set(channel, { upstream: newSide(), downstream: newSide() })
  }

  /** What was put in for a side, on its way with `stream`, has left: what comes from there is not for anyone. */
  told(stream: Stream, channel: number): void {
    const closing = this.#byChannel.get(channel)
    if (!closing) return
    closing[stream].told = true
    this.#look(channel, closing)
  }

  /** What goes with `stream` and has to do with the channel goes nowhere. */
  drops(stream: Stream, channel: number): boolean {
    return this.#isDropped(stream, CONNECTION) || this.#isDropped(stream, channel)
  }

  /** A whole message on its way. @returns whether it goes nowhere. */
  takes(stream: Stream, { channel, method }: AmqpMessage): boolean {
    const closing = this.#byChannel.get(channel)
    if (closing && !closing[stream].answered) {
      const kind = channel === CONNECTION ? 'connection' : 'channel'
      if (method === `${kind}.close-ok`) {
        closing[stream].answered = true
        this.#look(channel, closing)
        return true
      }
      if (method === `${kind}.close`) {
        // Both closed at once: who closes is owed an answer, and gives one all the same.
        const other = stream === 'upstream' ? 'downstream' : 'upstream'
        this.#insert(other, encodeMethod(channel, `${kind}.close-ok`, {}), channel)
        return true
      }
    }
    return this.drops(stream, channel)
  }

  #isDropped(stream: Stream, channel: number): boolean {
    const side = this.#byChannel.get(channel)?.[stream]
    return side !== undefined && side.told && !(side.answered && channel !== CONNECTION)
  }

  /** A channel that both have left may be opened again; a connection may not. */
  #look(channel: number, { upstream, downstream }: Record<Stream, Side>): void {
    const done = [upstream, downstream].every(({ told, answered }) => told && answered)
    if (done && channel !== CONNECTION) this.#byChannel.delete(channel)
  }
}

const newSide = (): Side => ({ told: false, answered: false })
