/** Bytes that the bodies of a lane that are arriving may still take, all together. */
export interface Allowance {
  left: number
}

const NOTHING = Buffer.alloc(0)

/** A body that is arriving; all of it is kept, or only its head. */
export class Body {
  /** What its content header says, in bytes. */
  readonly size: number
  #limit: number
  readonly #allowance: Allowance
  #received = 0
  #kept = 0
  #bytes: Buffer = NOTHING

  /** At most `limit` bytes are kept, and no more than is allowed. */
  constructor(size: number, limit: number, allowance: Allowance) {
    this.size = size
    this.#limit = Math.min(size, limit)
    this.#allowance = allowance
  }

  /** What is kept: a view of a chunk if it came in one piece, else memory of its own. */
  get bytes(): Buffer {
    return this.#kept === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#kept)
  }

  /** Bytes that have not arrived; less than none if there were too many. */
  get left(): number {
    return this.size - this.#received
  }

  get truncated(): boolean {
    return this.#kept < this.#received
  }

  /** Nothing of it is kept. */
  renounce(): void {
    this.#limit = 0
  }

  /** Nothing of it has arrived. */
  get isNew(): boolean {
    return this.#received === 0
  }

  /** @param last The frame ends with it: what is whole now is taken at once, and may be a view. */
  add(piece: Buffer, last: boolean): void {
    const most = this.truncated ? 0 : Math.min(this.#limit - this.#kept, this.#allowance.left)
    const fits = Math.min(piece.length, most)
    const isWhole = last && this.isNew && fits === this.size
    this.#received += piece.length
    this.#allowance.left -= fits
    if (isWhole) this.#bytes = piece
    else this.#copy(piece, fits)
    this.#kept += fits
  }

  /** It is not held any more: others may take what it took. */
  release(): void {
    this.#allowance.left += this.#kept
  }

  #copy(piece: Buffer, length: number): void {
    const wanted = this.#kept + length
    if (wanted > this.#bytes.length) {
      const doubled = Math.min(this.#limit, 2 * this.#bytes.length)
      const larger = Buffer.allocUnsafe(Math.max(wanted, doubled))
      this.#bytes.copy(larger, 0, 0, this.#kept)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#kept, 0, length)
  }
}
