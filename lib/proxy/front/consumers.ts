import type { AmqpChunk } from '../../toxic/amqp.ts'

/** A consumer on some connection that can be given a message. */
export interface OpenConsumer {
  /** What it shares with the other consumers of its connection. */
  readonly connection: object
  /** Gives it a copy of a delivery that the broker has sent to another consumer. */
  deliver(chunk: AmqpChunk): void
}

/** The consumers of each queue on all connections that are followed, for messages that are delivered elsewhere too. */
export class Consumers {
  readonly #byQueue = new Map<string, Set<OpenConsumer>>()

  begun(queue: string, consumer: OpenConsumer): void {
    const known = this.#byQueue.get(queue)
    if (known) known.add(consumer)
    else this.#byQueue.set(queue, new Set([consumer]))
  }

  ended(queue: string, consumer: OpenConsumer): void {
    const known = this.#byQueue.get(queue)
    known?.delete(consumer)
    if (known?.size === 0) this.#byQueue.delete(queue)
  }

  /** Another one, rather on another connection, the first that began; undefined if there is none. */
  other(queue: string, than: OpenConsumer): OpenConsumer | undefined {
    const others = [...(this.#byQueue.get(queue) ?? [])].filter((one) => one !== than)
    return others.find(({ connection }) => connection !== than.connection) ?? others[0]
  }
}
