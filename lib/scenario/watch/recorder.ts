import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Entry, Fact } from '../../ledger/entries.ts'
import { isWireFact } from '../../ledger/wire-entries.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import type { Alteration, Tap } from '../../proxy/tap.ts'
import type { Stream } from '../../toxic.ts'
import { monotonicMs } from '../../util/clock.ts'
import { HarnessError, messageOf } from '../../util/errors.ts'
import { RECORD, type LaneOpened, type RecordingPlan, type Told } from './recording.ts'
import { newRing, RingWriter } from './ring.ts'
import type { Order } from './serve-recording.ts'
import { isWatched, type WireWatch } from './watch.ts'

export interface RecorderOptions extends Pick<RecordingPlan, 'side'> {
  /** What was seen on the wire is among the `entries` too, and not only in the file. Default true. */
  retainsWire?: boolean
  /** Called soon with what was seen on the wire, while `tellsWire` asks for it. */
  onWire?: (entry: Entry) => void
  /** Called once, when the journal cannot be kept any more. */
  onError?: (error: HarnessError) => void
  /** A thread of somebody's own, which calls `serveRecording`. */
  thread?: URL
  /** Default: 2000. */
  patienceMs?: number
}

/** What is under way between the threads at most, in bytes: beyond it whoever records waits until there is room. */
const RING_BYTES = 8 * 2 ** 20
/** So long the other thread may do nothing while it is full; then the journal is given up, and the traffic goes on. */
const PATIENCE_MS = 2000
/** A flush, for which no traffic waits, waits so many times as long. */
const STUCK_PATIENCES = 10
/** What is recorded waits no longer than this, in ms or bytes, for more to be read with: waking a thread takes its time. */
const WAKE_MS = 4
const WAKE_BYTES = 2 ** 16

const THREAD = new URL(`recording-thread${extname(import.meta.url)}`, import.meta.url)
const NOTHING = Buffer.alloc(0)

/**
 * The journal of a run, kept by a thread of its own: there every connection on every link is decoded, and everything
 * written. Who records only hands over, in the order in which things have happened, and the journal has them in that order.
 */
export class Recorder {
  readonly file: string
  /** For the proxies: what their connections carry is journaled. */
  readonly watch: WireWatch = {
    tap: (link, connection, stream) => this.#tap(link, connection, stream),
    onEvent: (event) => this.#happened(event),
  }
  readonly #began = monotonicMs()
  readonly #patienceMs: number
  readonly #worker: Worker
  readonly #ring: RingWriter
  readonly #entries: Entry[] = []
  readonly #retainsWire: boolean
  readonly #onWire: ((entry: Entry) => void) | undefined
  readonly #onError: ((error: HarnessError) => void) | undefined
  readonly #flushes = new Map<number, (findings: unknown) => void>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  /** The thread has ended, or is no more to be waited for. */
  #gone = false
  #error: HarnessError | undefined
  #closed = false
  #lanes = 0
  #numbers = 0
  #unread = 0
  #waits = 0
  #waking: NodeJS.Timeout | undefined
  /** Somebody waits for what passes to be told. */
  #hurries = false

  private constructor(file: string, options: RecorderOptions) {
    const { side, retainsWire = true, onWire, onError, thread = THREAD, patienceMs = PATIENCE_MS } = options
    this.file = file
    this.#patienceMs = patienceMs
    this.#retainsWire = retainsWire
    this.#onWire = onWire
    this.#onError = onError
    const ring = newRing(RING_BYTES)
    this.#ring = new RingWriter(ring, patienceMs)
    this.#worker = new Worker(thread, { workerData: { ring, file, side } satisfies RecordingPlan })
    this.#worker.on('message', (told: Told) => this.#hear(told))
    this.#worker.on('error', (error) => this.#fail(messageOf(error)))
    this.#worker.on('exit', () => this.#exited())
    if (retainsWire) this.#say(RECORD.TELLING, 0, 0, true)
  }

  /**
   * Begins a new journal; an older file of that name is replaced.
   * @throws {HarnessError} when the thread cannot be started.
   */
  static async open(file: string, options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(file, options)
    await recorder.#ready.promise
    if (recorder.#gone && recorder.#error) throw recorder.#error
    // Who does not close it is not kept from ending.
    recorder.#worker.unref()
    return recorder
  }

  /** Why the file ends early: the disk is full, the folder has gone, the thread has ended. The run is then worth nothing. */
  get error(): HarnessError | undefined {
    return this.#error
  }

  /** Milliseconds since the run began, as in the entries' `at`. */
  now(): number {
    return this.#since(monotonicMs())
  }

  /**
   * Records a fact. Never throws, and waits only while the thread is far behind.
   * @returns Its time, as `now`.
   */
  append(fact: Fact): number {
    const at = this.now()
    if (this.#closed) this.#fail(`${fact.kind} was appended after the journal's end`)
    this.#say(RECORD.FACT, 0, at, fact)
    return at
  }

  /** From now on `onWire` is told, or no more. What it is told has happened a millisecond or two ago. */
  tellsWire(tells: boolean): void {
    this.#hurries = tells
    if (!this.#retainsWire) this.#say(RECORD.TELLING, 0, this.now(), tells)
  }

  /** What had been recorded when it was last flushed, and maybe more. */
  entries(): readonly Entry[] {
    return this.#entries
  }

  /** Resolves when everything that has been recorded is among the entries. Never rejects, see `error`. */
  async flush(): Promise<unknown> {
    if (this.#closed || this.#gone) return undefined
    const number = (this.#numbers += 1)
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#flushes.set(number, resolve)
    this.#write(RECORD.FLUSH, number, 0, NOTHING)
    this.#wake()
    return this.#awaited(promise, () => this.#ring.taken)
  }

  /** Resolves when everything that can be written has been; never rejects, see `error`. */
  async close(): Promise<void> {
    await this.flush()
    if (!this.#closed && !this.#gone) this.#order('close')
    this.#closed = true
    await this.#awaited(this.#ended.promise)
  }

  /**
   * A process does not end while something of the thread is awaited.
   * @param progress What changes while the thread gets on.
   */
  async #awaited<T>(promise: Promise<T>, progress?: () => number): Promise<T> {
    this.#waits += 1
    this.#worker.ref()
    let before = progress?.()
    const watching = setInterval(() => {
      const now = progress?.()
      if (now !== undefined && now === before) this.#giveUp()
      before = now
    }, STUCK_PATIENCES * this.#patienceMs)
    const value = await promise
    clearInterval(watching)
    this.#waits -= 1
    if (this.#waits === 0) this.#worker.unref()
    return value
  }

  #since(monotonic: number): number {
    return Math.round((monotonic - this.#began) * 1000) / 1000
  }

  #tap(link: string, connection: number, stream: Stream): Tap | undefined {
    if (!isWatched(link)) return undefined
    const lane = (this.#lanes += 1)
    this.#say(RECORD.LANE, lane, this.now(), { link, connection, stream } satisfies LaneOpened)
    return {
      arrived: (bytes, at) => this.#writeAll(RECORD.BYTES, RECORD.BYTES, lane, this.#since(at), bytes),
      altered: (alteration, at) => this.#altered(lane, alteration, this.#since(at)),
    }
  }

  #altered(lane: number, alteration: Alteration, at: number): void {
    if (alteration.kind === 'inserted')
      this.#writeAll(RECORD.PART, RECORD.INSERTED, lane, at, alteration.bytes)
    else this.#say(RECORD.ALTERED, lane, at, alteration)
  }

  #happened(event: ProxyEvent): void {
    if (event.kind === 'connection.closed' && isWatched(event.proxy))
      this.#say(RECORD.EVENT, 0, this.now(), event)
  }

  #say(kind: number, lane: number, at: number, what: object | boolean): void {
    this.#writeAll(RECORD.PART, kind, lane, at, Buffer.from(JSON.stringify(what)))
  }

  /** @param part The kind of all records but the last, if one has no room for it. */
  #writeAll(part: number, kind: number, lane: number, at: number, payload: Buffer): void {
    const { longest } = this.#ring
    let rest = payload
    for (; rest.length > longest; rest = rest.subarray(longest))
      this.#write(part, lane, at, rest.subarray(0, longest))
    this.#write(kind, lane, at, rest)
  }

  #write(kind: number, lane: number, at: number, payload: Buffer): void {
    if (this.#gone || this.#closed) return
    if (!this.#ring.write(kind, lane, at, payload)) return this.#giveUp()
    this.#unread += payload.length
    if (this.#unread >= WAKE_BYTES || this.#hurries) this.#wake()
    else this.#waking ??= setTimeout(() => this.#wake(), WAKE_MS)
  }

  /** The traffic must not wait any longer. */
  #giveUp(): void {
    if (this.#gone) return
    this.#gone = true
    this.#fail(`its thread gets on no more`)
    void this.#worker.terminate()
  }

  #wake(): void {
    clearTimeout(this.#waking)
    this.#waking = undefined
    this.#unread = 0
    if (this.#ring.wakes()) this.#order('read')
  }

  #order(order: Order): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
    this.#worker.postMessage(order)
  }

  #hear(told: Told): void {
    switch (told.kind) {
      case 'ready':
        return this.#ready.resolve()
      case 'entries':
        return this.#enter(entriesOf(told.lines))
      case 'flushed':
        this.#flushes.get(told.number)?.(told.findings)
        return void this.#flushes.delete(told.number)
      case 'failed':
        return this.#broken(new HarnessError(told.text))
    }
  }

  #enter(entries: Entry[]): void {
    for (const entry of entries) {
      const isWire = isWireFact(entry)
      if (isWire && this.#hurries) this.#onWire?.(entry)
      if (!isWire || this.#retainsWire) this.#entries.push(entry)
    }
  }

  #exited(): void {
    if (!this.#closed) this.#fail('its thread has ended')
    this.#gone = true
    this.#ready.resolve()
    for (const resolve of this.#flushes.values()) resolve(undefined)
    this.#ended.resolve()
  }

  #fail(reason: string): void {
    this.#broken(new HarnessError(`the journal ${this.file} cannot be kept: ${reason}; it is incomplete`))
  }

  #broken(error: HarnessError): void {
    if (this.#error) return
    this.#error = error
    this.#onError?.(error)
  }
}

/** Lines of a journal, each with its end. */
function entriesOf(lines: Uint8Array): Entry[] {
  const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString()
  return JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as Entry[]
}
