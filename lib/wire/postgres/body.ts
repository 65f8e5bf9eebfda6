/** Bytes that no message of PostgreSQL can have; its text is the reason. */
export class Malformed extends Error {
  override name = 'Malformed'
}

/**
 * Reads the fields of one body, front to back. In a body of which only the first part was kept, what lies behind that
 * part reads as empty, 0 or null.
 */
export class Body {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #truncated = false

  /** Starts on another body: what follows the first `from` bytes. */
  reset(bytes: Buffer, from: number, truncated: boolean): this {
    this.#bytes = bytes
    this.#at = from
    this.#truncated = truncated
    return this
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#has(1) ? this.#bytes[this.#at++]! : 0
  }

  /** An Int16 that counts something. */
  count(): number {
    if (!this.#has(2)) return 0
    this.#at += 2
    return this.#bytes.readUInt16BE(this.#at - 2)
  }

  int32(): number {
    if (!this.#has(4)) return 0
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  /** Text up to a NUL, read as UTF-8 whatever the client's encoding is. */
  string(): string {
    const start = this.#at
    const end = this.#bytes.indexOf(0, start)
    if (end === -1 && !this.#truncated) throw new Malformed('a string without an end')
    this.#at = end === -1 ? this.#bytes.length : end + 1
    return this.#bytes.toString('utf8', start, end === -1 ? this.#bytes.length : end)
  }

  /** A value with its length in front: a view, or null for SQL's NULL. */
  value(): Buffer | null {
    const length = this.int32()
    if (length < -1) throw new Malformed(`a value of ${length} bytes`)
    if (length === -1 || !this.#has(length)) return null
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  skip(length: number): void {
    if (this.#has(length)) this.#at += length
  }

  /** @throws {Malformed} when something is left. */
  end(): void {
    if (!this.atEnd) throw new Malformed(`${this.#bytes.length - this.#at} bytes too many`)
  }

  /** Whether so many bytes are there; of a body that was cut, whatever is left is then skipped. */
  #has(length: number): boolean {
    if (this.#at + length <= this.#bytes.length) return true
    if (!this.#truncated) throw new Malformed('a body that ends too early')
    this.#at = this.#bytes.length
    return false
  }
}
