/** A map that forgets what was set first, when it has more than `most` entries. */
export class Recent<K, V> extends Map<K, V> {
  readonly #most: number
  readonly #onForgotten: ((key: K, value: V) => void) | undefined
  /**
   * Kept while each new entry takes an old one's place: a new iterator walks over all that was deleted before it. One that
   * is not used keeps everything in memory that has been in the map since.
   */
  #oldest: Iterator<K, undefined> | undefined

  constructor(most: number, onForgotten?: (key: K, value: V) => void) {
    super()
    this.#most = most
    this.#onForgotten = onForgotten
  }

  override set(key: K, value: V): this {
    super.set(key, value)
    if (this.size <= this.#most) {
      this.#oldest = undefined
      return this
    }
    this.#oldest ??= this.keys()
    const oldest = this.#oldest.next().value as K
    const forgotten = this.#onForgotten && (this.get(oldest) as V)
    this.delete(oldest)
    this.#onForgotten?.(oldest, forgotten as V)
    return this
  }
}
