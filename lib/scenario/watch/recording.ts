import { openJournal } from '../../ledger/journal.ts'
import type { Entry, Fact } from '../../ledger/entries.ts'
import { isWireFact } from '../../ledger/wire-entries.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import type { Alteration, Tap } from '../../proxy/tap.ts'
import type { Stream } from '../../toxic.ts'
import { messageOf } from '../../util/errors.ts'
import { RingReader, type Ring, type RingRecord } from './ring.ts'
import { watchWire } from './watch.ts'

/** What a record of the ring says. All but a lane's bytes are JSON. */
export const RECORD = {
  /** More of a text that the next one of another kind ends. */
  PART: 1,
  /** A `Fact`. */
  FACT: 2,
  /** A `LaneOpened`. */
  LANE: 3,
  /** Bytes that have arrived on a lane. */
  BYTES: 4,
  /** What a toxic did to messages of a lane: its kind, and where they end. */
  ALTERED: 5,
  /** A message that a toxic has put into a lane. */
  INSERTED: 6,
  /** A `ProxyEvent`. */
  EVENT: 7,
  /** Its number, to be answered when everything before it is in the journal. */
  FLUSH: 8,
  /** Whether what was seen on the wire is told as entries too; true or false. */
  TELLING: 9,
} as const

/** From here on a number means a lane. */
export interface LaneOpened {
  link: string
  connection: number
  stream: Stream
}

/** What the thread is to know. */
export interface RecordingPlan {
  ring: Ring
  file: string
  /** On which side of the toxics our proxies stand, see `ConnectionOpened`. */
  side: 'node' | 'service'
}

/** What the thread tells. */
export type Told =
  | { kind: 'ready' }
  /** Lines of the journal. */
  | { kind: 'entries'; lines: Uint8Array }
  | { kind: 'flushed'; number: number; findings: unknown }
  /** The journal could not be written. */
  | { kind: 'failed'; text: string }

export interface Listener {
  /** Called with every entry. */
  onEntry?: (entry: Entry) => void
  /** What is told with the answer to a flush. */
  findings?: () => unknown
}

/** Lines that are told together, in bytes. */
const TOLD_BYTES = 2 ** 16
/** Bytes after which others of the thread have their turn. */
const TURN_BYTES = 2 ** 18

interface Lane extends LaneOpened {
  tap: Tap
}

/** What the thread does: reads the ring, decodes what has passed, and keeps the journal. */
export class Recording {
  readonly #reader: RingReader
  readonly #tell: (told: Told) => void
  readonly #listener: Listener
  readonly #journal
  readonly #watch
  readonly #lanes = new Map<number, Lane>()
  /** Of the record that is being read. */
  #at = 0
  readonly #parts: Buffer[] = []
  #tellsWire = false
  #lines: Buffer[] = []
  #lineBytes = 0

  constructor(plan: RecordingPlan, tell: (told: Told) => void, listener: Listener = {}) {
    this.#reader = new RingReader(plan.ring)
    this.#tell = tell
    this.#listener = listener
    this.#journal = openJournal(plan.file, {
      retain: () => false,
      onError: (error) => tell({ kind: 'failed', text: error.message }),
    })
    this.#watch = watchWire((fact) => this.#append(fact, true), plan.side)
  }

  /** Reads on until there is nothing to read; to be called when there is something again. */
  run(): void {
    for (let bytes = 0; bytes < TURN_BYTES;) {
      const record = this.#reader.read()
      if (!record) {
        this.#tellLines()
        if (this.#reader.sleeps()) return
        continue
      }
      bytes += record.payload.length
      this.#see(record)
      this.#reader.release()
    }
    setImmediate(() => this.run())
  }

  async close(): Promise<void> {
    this.#tellLines()
    await this.#journal.close()
  }

  #see({ kind, lane, at, payload }: RingRecord): void {
    this.#at = at
    if (kind === RECORD.BYTES) return this.#show(lane, (tap) => tap.arrived(payload, at))
    if (kind === RECORD.PART) return void this.#parts.push(Buffer.from(payload))
    const whole = this.#parts.length === 0 ? payload : Buffer.concat([...this.#parts.splice(0), payload])
    if (kind === RECORD.INSERTED)
      return this.#show(lane, (tap) => tap.altered({ kind: 'inserted', bytes: whole }, at))
    this.#hear(kind, lane, whole.toString())
  }

  #hear(kind: number, lane: number, text: string): void {
    switch (kind) {
      case RECORD.ALTERED: {
        const alteration = JSON.parse(text) as Alteration
        return this.#show(lane, (tap) => tap.altered(alteration, this.#at))
      }
      case RECORD.FACT:
        return this.#hearFact(JSON.parse(text) as Fact)
      case RECORD.LANE:
        return this.#open(lane, JSON.parse(text) as LaneOpened)
      case RECORD.EVENT:
        return this.#happened(JSON.parse(text) as ProxyEvent)
      case RECORD.TELLING:
        this.#tellsWire = JSON.parse(text) as boolean
        return
      case RECORD.FLUSH:
        this.#tellLines()
        return this.#tell({ kind: 'flushed', number: lane, findings: this.#listener.findings?.() })
    }
  }

  #hearFact(fact: Fact): void {
    this.#append(fact, isWireFact(fact))
  }

  #append(fact: Fact, isWire: boolean): void {
    const entry = this.#journal.append(fact, this.#at)
    if (this.#tellsWire || !isWire) this.#keep(this.#journal.lastLine)
    this.#listener.onEntry?.(entry)
  }

  #open(number: number, lane: LaneOpened): void {
    const { link, connection, stream } = lane
    const tap = this.#watch.tap(link, connection, stream)
    if (tap) this.#lanes.set(number, { ...lane, tap })
  }

  /** A lane that cannot be read is a fault of ours: it is told, and not read any more. */
  #show(number: number, show: (tap: Tap) => void): void {
    const lane = this.#lanes.get(number)
    if (!lane) return
    try {
      show(lane.tap)
    } catch (error) {
      this.#lanes.delete(number)
      const { link, connection, stream } = lane
      const text = `connection ${connection} of ${link} could not be read ${stream}: ${messageOf(error)}`
      this.#append({ kind: 'harness.failed', text }, false)
    }
  }

  #happened(event: ProxyEvent): void {
    this.#watch.onEvent(event)
    if (event.kind !== 'connection.closed') return
    for (const [number, { link, connection }] of this.#lanes)
      if (link === event.proxy && connection === event.connection) this.#lanes.delete(number)
  }

  /** A line is a view of memory that goes on being used. */
  #keep(line: Buffer): void {
    this.#lines.push(Buffer.from(line))
    this.#lineBytes += line.length
    if (this.#lineBytes >= TOLD_BYTES) this.#tellLines()
  }

  #tellLines(): void {
    if (this.#lines.length === 0) return
    this.#tell({ kind: 'entries', lines: Buffer.concat(this.#lines) })
    this.#lines = []
    this.#lineBytes = 0
  }
}
