const SPACE = 32
const QUOTE = 34
const DIGIT_ZERO = 48
const BACKSLASH = 92
const LAST_PLAIN = 126
/** A character of a string takes no more bytes than this in UTF-8; one that is plain, with a backslash before it, 2. */
const MOST_BYTES = 3
/** Memory is had in pieces of this size, or of a text's if that is longer. */
const PIECE_BYTES = 256 * 1024
/** A longer text is copied faster by the engine. */
const MOST_BY_HAND = 128
const MOST_DIGITS = 10
/** Smaller integers are written digit by digit. */
const TWO_31 = 2 ** 31

/** Texts that are written one behind the other, piece by piece, and taken from time to time. */
export class TextWriter {
  /** Memory that is full, as far as it has not been taken. */
  #full: Buffer[] = []
  #bytes = Buffer.allocUnsafeSlow(PIECE_BYTES)
  /** What has been taken of the memory, and what of it is whole texts. */
  #taken = 0
  #whole = 0
  /** The text that is being written, or was last. */
  #begin = 0
  #length = 0

  /** A new text begins; one that was not ended is forgotten. */
  begin(): this {
    this.#begin = this.#whole
    this.#length = this.#whole
    return this
  }

  /** The text is whole. */
  end(): void {
    this.#whole = this.#length
  }

  /** The text that is being written, or was last: a view of it. */
  get written(): Buffer {
    return this.#bytes.subarray(this.#begin, this.#length)
  }

  /** All texts that have ended since the last were taken. */
  take(): Buffer[] {
    const pieces = this.#full
    this.#full = []
    if (this.#whole > this.#taken) pieces.push(this.#bytes.subarray(this.#taken, this.#whole))
    this.#taken = this.#whole
    return pieces
  }

  /** Unwrites the last bytes. */
  takeBack(bytes: number): this {
    this.#length -= bytes
    return this
  }

  /** Any text, as it is; short ones in ASCII take the least. */
  raw(text: string): this {
    this.#makeRoom(MOST_BYTES * text.length)
    const bytes = this.#bytes
    let at = this.#length
    if (text.length > MOST_BY_HAND) {
      this.#length += bytes.write(text, at)
      return this
    }
    for (let index = 0; index < text.length; index += 1) {
      const char = text.charCodeAt(index)
      if (char > LAST_PLAIN) {
        this.#length += bytes.write(text, this.#length)
        return this
      }
      bytes[at++] = char
    }
    this.#length = at
    return this
  }

  /** Any text in UTF-8, as it is. */
  copy(bytes: Buffer): this {
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** A string as JSON. */
  string(value: string): this {
    if (value.length > MOST_BY_HAND) return this.#long(value)
    this.#makeRoom(MOST_BYTES * value.length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = QUOTE
    for (let index = 0; index < value.length; index += 1) {
      const char = value.charCodeAt(index)
      if (char < SPACE || char > LAST_PLAIN) return this.raw(JSON.stringify(value))
      if (char === QUOTE || char === BACKSLASH) bytes[at++] = BACKSLASH
      bytes[at++] = char
    }
    bytes[at++] = QUOTE
    this.#length = at
    return this
  }

  /** Bytes are walked faster than characters: the text is copied behind where it will end at least, and from there. */
  #long(value: string): this {
    const { length } = value
    this.#makeRoom(MOST_BYTES * length + length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = QUOTE
    const from = at + length
    if (bytes.write(value, from) !== length) return this.raw(JSON.stringify(value))
    for (let index = from; index < from + length; index += 1) {
      const byte = bytes[index] as number
      if (byte < SPACE || byte > LAST_PLAIN) return this.raw(JSON.stringify(value))
      if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH
      bytes[at++] = byte
    }
    bytes[at++] = QUOTE
    this.#length = at
    return this
  }

  /** A number as JSON, which has no other numbers than finite ones. */
  number(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= TWO_31)
      return this.raw(Number.isFinite(value) ? `${value}` : 'null')
    this.#makeRoom(MOST_DIGITS)
    let length = 1
    for (let rest = value; rest >= 10; rest = Math.trunc(rest / 10)) length += 1
    const begin = this.#length
    this.#length = begin + length
    for (let at = this.#length - 1, rest = value; at >= begin; at -= 1) {
      const tens = Math.trunc(rest / 10)
      this.#bytes[at] = DIGIT_ZERO + rest - 10 * tens
      rest = tens
    }
    return this
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    if (this.#whole > this.#taken) this.#full.push(this.#bytes.subarray(this.#taken, this.#whole))
    const wanted = this.#length - this.#begin + bytes
    const next = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, 2 * wanted))
    this.#length = this.#bytes.copy(next, 0, this.#begin, this.#length)
    this.#bytes = next
    this.#begin = 0
    this.#whole = 0
    this.#taken = 0
  }
}
