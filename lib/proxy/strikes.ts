/** Delays up to these, in ms, are counted together. */
const DELAY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, Infinity] as const

/** What toxics did to a proxy's connections, since the proxy was made. */
export interface Strikes {
  chunksDelayed: number
  bytesDelayed: number
  /** Sum of the delays of chunks that have left. */
  delayedMs: number
  bytesDropped: number
  connectionsCut: number
  /** By toxics that act on messages: those that matched, that were struck, and of which it could not be told. */
  messagesMatched?: number
  messagesStruck?: number
  messagesUndecided?: number
}

/** What one toxic did, since it was made. */
export interface ToxicStrikes extends Strikes {
  /** Chunks that have left, by how long they were really delayed: up to `ms` and more than the bound before it; the last bound is none. */
  delays: { ms: number | null; chunks: number }[]
}

/** Counts what one toxic did; a proxy's count has all that its toxics did, also those that are gone. */
export class StrikeCount {
  readonly #strikes: Strikes = {
    chunksDelayed: 0,
    bytesDelayed: 0,
    delayedMs: 0,
    bytesDropped: 0,
    connectionsCut: 0,
  }
  readonly #delays: number[] = DELAY_BOUNDS_MS.map(() => 0)
  readonly #all: StrikeCount | undefined

  /** @param all counts the same once more. */
  constructor(all?: StrikeCount) {
    this.#all = all
  }

  read(): ToxicStrikes {
    const delays = DELAY_BOUNDS_MS.map((most, index) => ({
      ms: most === Infinity ? null : most,
      chunks: this.#delays[index] ?? 0,
    }))
    return { ...this.#strikes, delays }
  }

  delayed(bytes: number): void {
    this.#strikes.chunksDelayed += 1
    this.#strikes.bytesDelayed += bytes
    this.#all?.delayed(bytes)
  }

  /** A chunk that was delayed has left, after so many ms. */
  left(ms: number): void {
    const bound = DELAY_BOUNDS_MS.findIndex((most) => ms <= most)
    this.#strikes.delayedMs += ms
    this.#delays[bound] = (this.#delays[bound] ?? 0) + 1
    this.#all?.left(ms)
  }

  dropped(bytes: number): void {
    this.#strikes.bytesDropped += bytes
    this.#all?.dropped(bytes)
  }

  matched(): void {
    this.#strikes.messagesMatched = (this.#strikes.messagesMatched ?? 0) + 1
    this.#all?.matched()
  }

  struck(): void {
    this.#strikes.messagesStruck = (this.#strikes.messagesStruck ?? 0) + 1
    this.#all?.struck()
  }

  undecided(): void {
    this.#strikes.messagesUndecided = (this.#strikes.messagesUndecided ?? 0) + 1
    this.#all?.undecided()
  }

  cut(): void {
    this.#strikes.connectionsCut += 1
    this.#all?.cut()
  }
}
