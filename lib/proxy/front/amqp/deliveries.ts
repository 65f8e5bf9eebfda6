/** Copies of deliveries have tags from here on, which no broker reaches. A client gives back what it was given. */
export const FIRST_COPY = 2 ** 48

/** A channel's deliveries that the client has not settled, so that what it never saw is not settled with the others. */
export class Deliveries {
  /** Delivered and not settled. */
  readonly #outstanding = new Set<number>()
  /** The broker waits for an answer to them that the client must not give: it never had them, or has answered. */
  readonly #withheld = new Set<number>()
  /** Copies by their tags, and what was the last before each. */
  readonly #copies = new Map<number, number>()
  /**
   * Delivered behind later ones, and what was the last then. A client that settles one of those, and all up to it, may not
   * have had it yet, and will settle it again, which a broker does not forgive.
   */
  readonly #late = new Map<number, number>()
  #last = 0
  #made = 0

  /** What the client settles can go on as it is. */
  get isPlain(): boolean {
    return this.#withheld.size === 0 && this.#copies.size === 0 && this.#late.size === 0
  }

  delivered(tag: number): void {
    if (tag < this.#last) this.#late.set(tag, this.#last)
    else this.#last = tag
    this.#withheld.delete(tag)
    this.#outstanding.add(tag)
  }

  /** The client does not get it. */
  withheld(tag: number): void {
    this.#withheld.add(tag)
  }

  /** Somebody else than the client has settled it. */
  answered(tag: number): void {
    this.#withheld.delete(tag)
    this.#outstanding.delete(tag)
  }

  /** @returns the tag of a copy. */
  copied(): number {
    this.#made += 1
    const tag = FIRST_COPY + this.#made
    this.#copies.set(tag, this.#last)
    return tag
  }

  /** The client settles, and the broker does not hear of it. @returns what it settled. */
  settledUnheard(tag: number, multiple: boolean): number[] {
    const tags = this.covered(tag, multiple)
    for (const one of tags) {
      this.#outstanding.delete(one)
      this.#withheld.add(one)
    }
    this.#forget(tag, multiple)
    return tags
  }

  /** What was settled unheard is heard of now. */
  heard(tags: readonly number[]): void {
    for (const tag of tags) this.#withheld.delete(tag)
  }

  /**
   * The client settles one, or all up to it (0: all).
   * @returns what the broker is to be told, one by one; undefined: the very same.
   */
  settled(tag: number, multiple: boolean): number[] | undefined {
    const isPlain = !(this.#copies.has(tag) || this.#late.has(tag) || (multiple && this.#withheld.size > 0))
    const tags = this.covered(tag, multiple)
    for (const one of tags) this.#outstanding.delete(one)
    this.#forget(tag, multiple)
    return isPlain ? undefined : tags
  }

  /** The broker takes all back. */
  clear(): void {
    this.#outstanding.clear()
    this.#withheld.clear()
    this.#late.clear()
  }

  /** What the client means if it settles one, or all up to it (0: all). */
  covered(tag: number, multiple: boolean): number[] {
    if (!multiple) return this.#outstanding.has(tag) ? [tag] : []
    const until = tag === 0 ? this.#last : (this.#copies.get(tag) ?? tag)
    return [...this.#outstanding].filter((one) => one <= until)
  }

  /** What the client will not settle any more: what it has settled itself, and what it had before that. */
  #forget(tag: number, multiple: boolean): void {
    for (const copy of this.#copies.keys())
      if (multiple ? copy <= tag || tag === 0 : copy === tag) this.#copies.delete(copy)
    for (const [late, last] of this.#late)
      if (late === tag || (multiple && tag > last && tag < FIRST_COPY)) this.#late.delete(late)
  }
}
