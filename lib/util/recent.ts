/** A map that forgets what was set first, when it has more than `most` entries. */
export class Recent<K, V> extends Map<K, V> {
  readonly #most: number
  readonly #onForgotten: (key: K) => void
  /** One for its whole life: a new one would walk over all that was deleted, each time. */
  readonly #oldest = this.keys()

  constructor(most: number, onForgotten: (key: K) => void = () => {}) {
    super()
    this.#most = most
    this.#onForgotten = onForgotten
  }

  override set(key: K, value: V): this {
    super.set(key, value)
    if (this.size > this.#most) {
      const oldest = this.#oldest.next().value as K
      this.delete(oldest)
      this.#onForgotten(oldest)
    }
    return this
  }
}
