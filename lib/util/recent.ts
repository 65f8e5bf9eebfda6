/** A map that forgets what was set first, when it has more than `most` entries. */
export class Recent<K, V> extends Map<K, V> {
  readonly #most: number
  readonly #onForgotten: (key: K) => void

  constructor(most: number, onForgotten: (key: K) => void = () => {}) {
    super()
    this.#most = most
    this.#onForgotten = onForgotten
  }

  override set(key: K, value: V): this {
    super.set(key, value)
    if (this.size > this.#most) {
      const [oldest] = this.keys()
      this.delete(oldest as K)
      this.#onForgotten(oldest as K)
    }
    return this
  }
}
