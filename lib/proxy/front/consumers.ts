/** A consumer on some connection that can be given a message. */
export interface OpenConsumer {
  /** Gives it a copy of a delivery's frames: whole, as the broker sent it to another consumer. */
  deliver(bytes: Buffer): void
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

  /** The first that is not one of these; undefined if there is none. */
  other(queue: string, than: ReadonlySet<OpenConsumer>): OpenConsumer | undefined {
    for (const consumer of this.#byQueue.get(queue) ?? []) if (!than.has(consumer)) return consumer
    return undefined
  }
}
