/**
 * A queue of records from one thread to another, in memory that both have. A record lies in one piece, and what does not
 * fit before the ring's end begins at its beginning:
 *
 *     0      4      8      16       20      24
 *     +------+------+------+--------+-------+---------+
 *     | kind | lane | at   | length |       | payload |  up to a multiple of 8
 *     +------+------+------+--------+-------+---------+
 *      long   long   double long             length bytes
 */
const LANE_AT = 4
const TIME_AT = 8
const LENGTH_AT = 16
const HEAD_BYTES = 24
const ALIGN = 8

/** Of what is in the ring: where the next record will be, and where the oldest one is. */
const HEAD = 0
const TAIL = 1
/** 1: the reader sleeps. */
const ASLEEP = 2
const CONTROLS = 3
/** A writer that waits is told of so much room at a time: to be woken takes longer than to write. */
const TOLD_BYTES = 2 ** 18

/** The kind of what is left empty before the ring's end. */
const SKIP = 0

/** The memory of a ring. */
export interface Ring {
  readonly control: SharedArrayBuffer
  readonly bytes: SharedArrayBuffer
}

export interface RingRecord {
  /** 1 or more; what it means is the users' affair. */
  readonly kind: number
  readonly lane: number
  /** Milliseconds. */
  readonly at: number
  /** A view, until the record is released. */
  readonly payload: Buffer
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN

export const newRing = (bytes: number): Ring => ({
  control: new SharedArrayBuffer(CONTROLS * Int32Array.BYTES_PER_ELEMENT),
  bytes: new SharedArrayBuffer(aligned(bytes)),
})

/** The end that writes. */
export class RingWriter {
  readonly #control: Int32Array
  readonly #ring: Buffer
  readonly #view: DataView
  #head = 0
  readonly #patienceMs: number

  /** @param patienceMs So long a full ring's reader may do nothing. */
  constructor({ control, bytes }: Ring, patienceMs: number) {
    this.#control = new Int32Array(control)
    this.#ring = Buffer.from(bytes)
    this.#view = new DataView(bytes)
    this.#patienceMs = patienceMs
  }

  /** The longest payload that one record can have. */
  get longest(): number {
    return this.#ring.length / 2 - HEAD_BYTES
  }

  /**
   * Copies a record into the ring. Waits for room while the ring is full, and its reader gets on.
   * @returns false if the reader did not get on.
   */
  write(kind: number, lane: number, at: number, payload: Buffer): boolean {
    const needed = HEAD_BYTES + aligned(payload.length)
    const left = this.#ring.length - this.#head
    const skipped = left < needed ? left : 0
    if (this.#free < skipped + needed && !this.#waitFor(skipped + needed)) return false
    if (skipped > 0) {
      this.#view.setInt32(this.#head, SKIP)
      this.#head = 0
    }
    const begin = this.#head
    this.#view.setInt32(begin, kind)
    this.#view.setInt32(begin + LANE_AT, lane)
    this.#view.setFloat64(begin + TIME_AT, at)
    this.#view.setInt32(begin + LENGTH_AT, payload.length)
    this.#ring.set(payload, begin + HEAD_BYTES)
    this.#head = (begin + needed) % this.#ring.length
    Atomics.store(this.#control, HEAD, this.#head)
    return true
  }

  /** Whether the reader slept: it is to be told that there is something for it, and is awake from here on. */
  wakes(): boolean {
    return Atomics.exchange(this.#control, ASLEEP, 0) === 1
  }

  /** Changes whenever the reader has got on. */
  get taken(): number {
    return Atomics.load(this.#control, TAIL)
  }

  /** Never all of it, since a full ring would look like an empty one. */
  get #free(): number {
    const { length } = this.#ring
    return (Atomics.load(this.#control, TAIL) - this.#head - ALIGN + length) % length
  }

  #waitFor(bytes: number): boolean {
    while (this.#free < bytes) {
      const tail = Atomics.load(this.#control, TAIL)
      if (this.#free < bytes && Atomics.wait(this.#control, TAIL, tail, this.#patienceMs) === 'timed-out')
        return this.#free >= bytes
    }
    return true
  }
}

/** The end that reads, in the other thread. */
export class RingReader {
  readonly #control: Int32Array
  readonly #bytes: SharedArrayBuffer
  readonly #view: DataView
  #tail = 0
  #next = 0
  /** Bytes that were released since a writer that waits was last told. */
  #untold = 0

  constructor({ control, bytes }: Ring) {
    this.#control = new Int32Array(control)
    this.#bytes = bytes
    this.#view = new DataView(bytes)
  }

  /** The oldest record, which stays until it is released; undefined if there is none. */
  read(): RingRecord | undefined {
    if (this.#isEmpty) return undefined
    if (this.#view.getInt32(this.#tail) === SKIP) {
      this.#tail = 0
      if (this.#isEmpty) return undefined
    }
    const begin = this.#tail
    const length = this.#view.getInt32(begin + LENGTH_AT)
    this.#next = (begin + HEAD_BYTES + aligned(length)) % this.#bytes.byteLength
    return {
      kind: this.#view.getInt32(begin),
      lane: this.#view.getInt32(begin + LANE_AT),
      at: this.#view.getFloat64(begin + TIME_AT),
      payload: Buffer.from(this.#bytes, begin + HEAD_BYTES, length),
    }
  }

  /** The record's memory is the writer's again. */
  release(): void {
    this.#untold += Math.abs(this.#next - this.#tail)
    this.#tail = this.#next
    Atomics.store(this.#control, TAIL, this.#tail)
    if (this.#untold >= TOLD_BYTES) this.#tell()
  }

  /** The ring is empty, and the writer will tell when it is not; false: it is not empty any more. */
  sleeps(): boolean {
    Atomics.store(this.#control, ASLEEP, 1)
    this.#tell()
    if (this.#isEmpty) return true
    // Who takes the mark away has the reader go on: the writer, by telling it, or the reader itself.
    return Atomics.exchange(this.#control, ASLEEP, 0) === 0
  }

  #tell(): void {
    this.#untold = 0
    Atomics.notify(this.#control, TAIL)
  }

  get #isEmpty(): boolean {
    return Atomics.load(this.#control, HEAD) === this.#tail
  }
}
