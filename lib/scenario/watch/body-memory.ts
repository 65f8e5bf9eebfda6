/** What is remembered of bodies that came in the same span of time, with their bytes in one piece of memory. */
class Generation<T> {
  /** Its memory, for another generation when it is not asked any more. */
  readonly bytes: Buffer
  readonly #places = new Map<number, { begin: number; end: number; value: T }>()
  #used = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get(key: number, body: Buffer): T | undefined {
    const place = this.#places.get(key)
    if (!place || place.end - place.begin !== body.length) return undefined
    const isSame = this.bytes.compare(body, 0, body.length, place.begin, place.end) === 0
    return isSame ? place.value : undefined
  }

  /** @returns false if it has no room for it. */
  set(key: number, body: Buffer, value: T): boolean {
    const begin = this.#used
    const end = begin + body.length
    if (end > this.bytes.length) return false
    this.bytes.set(body, begin)
    this.#used = end
    this.#places.set(key, { begin, end, value })
    return true
  }
}

/**
 * What is known of bodies, the last ones. The bytes are copied, since a view keeps all in memory that arrived with it, and
 * are compared, so that no two bodies are ever taken for one. The memory is had once.
 */
export class BodyMemory<T> {
  #young: Generation<T>
  #old: Generation<T>

  /** @param bytes The room; at least half of it is filled with the last bodies. */
  constructor(bytes: number) {
    const half = Math.floor(bytes / 2)
    this.#young = new Generation(Buffer.allocUnsafeSlow(half))
    this.#old = new Generation(Buffer.allocUnsafeSlow(half))
  }

  /** @param key Any number that is the same for the same body; the more bodies it tells apart, the better. */
  get(key: number, body: Buffer): T | undefined {
    return this.#young.get(key, body) ?? this.#old.get(key, body)
  }

  /** A body that is longer than half of the room is not remembered. */
  set(key: number, body: Buffer, value: T): void {
    if (body.length > this.#young.bytes.length || this.#young.set(key, body, value)) return
    const next = new Generation<T>(this.#old.bytes)
    this.#old = this.#young
    this.#young = next
    next.set(key, body, value)
  }
}
