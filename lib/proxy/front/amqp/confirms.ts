/**
 * A channel's publishes, as the client numbers them and as the broker does. Both count alike until a publish is lost,
 * doubled or overtaken on its way; from then on the broker's confirms are translated.
 */
export class Confirms {
  /** Publishes of the client, since it selected confirms. */
  #published = 0
  /** Publishes that the broker got. */
  #sent = 0
  #diverged = false
  /** What the broker has not confirmed, by its number: the client's; 0: of a publish that the client did not make. */
  readonly #awaiting = new Map<number, number>()

  /** The two do not count alike any more. */
  get diverged(): boolean {
    return this.#diverged
  }

  /** The client's next publish. @returns its number. */
  published(): number {
    this.#published += 1
    return this.#published
  }

  /** A publish goes on to the broker: its number, or 0 if the client did not make it. */
  sent(number: number): void {
    this.#sent += 1
    if (number !== this.#sent) this.#diverged = true
    this.#awaiting.set(this.#sent, number)
  }

  /** The broker confirms one, or all up to it. @returns the client's numbers. */
  confirmed(tag: number, multiple: boolean): number[] {
    if (!multiple) return this.#take(tag)
    const numbers: number[] = []
    for (const sent of this.#awaiting.keys()) {
      if (tag !== 0 && sent > tag) break
      numbers.push(...this.#take(sent))
    }
    return numbers
  }

  #take(sent: number): number[] {
    const number = this.#awaiting.get(sent)
    this.#awaiting.delete(sent)
    return number ? [number] : []
  }
}
