import { createWriteStream, type WriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { monotonicMs } from '../util/clock.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import type { Entry, Fact } from './entries.ts'

export interface JournalOptions {
  /** Milliseconds on a monotonic clock; only differences count. Default: the process's own. */
  now?: () => number
  /** Called once, when the first write fails. */
  onError?: (error: HarnessError) => void
  /** Which facts stay in memory, for `entries()`; default: all. The file has them all. */
  retain?: (fact: Fact) => boolean
}

/** The append-only record of a run, in memory and as a file of one JSON text a line. */
export interface Journal {
  readonly file: string
  /** Why the file ends early: the disk is full, the folder has gone. The run is then worth nothing. */
  readonly error: HarnessError | undefined
  /** Milliseconds since the run began, as in the entries' `at`. */
  now(): number
  /** Records a fact. Never waits and never throws: a write that fails is kept as `error`. */
  append(fact: Fact): Entry
  /** Those that are retained. */
  entries(): readonly Entry[]
  /** Resolves when everything that can be written has been; never rejects, see `error`. */
  close(): Promise<void>
}

/** Lines that wait to be written, beyond which the disk has lost the race, in bytes. */
const MOST_UNWRITTEN = 256 * 2 ** 20

/** Begins a new journal; an older file of that name is replaced. */
export function openJournal(file: string, options: JournalOptions = {}): Journal {
  const { now = monotonicMs, onError, retain = () => true } = options
  const began = now()
  const entries: Entry[] = []
  const lines = new LineWriter(file, fail)
  const clock = (): number => Math.round((now() - began) * 1000) / 1000
  let last = { ordinal: 0, at: 0, checksum: '' }
  let error: HarnessError | undefined
  let closed = false

  function fail(thrown: unknown): void {
    if (error !== undefined) return
    const text = `the journal ${file} cannot be written: ${messageOf(thrown)}; it is incomplete (of ${last.ordinal} entries so far)`
    error = new HarnessError(text, { cause: thrown })
    onError?.(error)
  }

  return {
    file,
    get error() {
      return error
    },
    now: clock,
    append(fact) {
      const head = { ordinal: last.ordinal + 1, at: Math.max(last.at, clock()) }
      const body = JSON.stringify({ ...head, ...fact })
      const checksum = checksumOf(body, last.checksum)
      last = { ...head, checksum }
      const line = sealed(body, checksum)
      if (closed) fail(new Error(`${fact.kind} was appended after the journal's end`))
      else if (error === undefined) lines.write(line)
      if (!retain(fact)) return { ...fact, ...last }
      // Read back from its own text, so that memory and file can never tell different stories.
      const entry = JSON.parse(line) as Entry
      entries.push(entry)
      return entry
    },
    entries: () => entries,
    async close() {
      closed = true
      await lines.end()
    },
  }
}

/** Writes lines to a file, those of one turn of the event loop together. */
class LineWriter {
  readonly #stream: WriteStream
  readonly #fail: (thrown: unknown) => void
  #lines: string[] = []

  constructor(file: string, fail: (thrown: unknown) => void) {
    this.#fail = fail
    this.#stream = createWriteStream(file)
    this.#stream.on('error', fail)
  }

  write(line: string): void {
    if (this.#lines.length === 0) setImmediate(() => this.#flush())
    this.#lines.push(line)
  }

  async end(): Promise<void> {
    this.#flush()
    this.#stream.end()
    await finished(this.#stream).catch(this.#fail)
  }

  #flush(): void {
    if (this.#lines.length === 0 || this.#stream.destroyed) return
    this.#stream.write(`${this.#lines.join('\n')}\n`)
    this.#lines = []
    if (this.#stream.writableLength > MOST_UNWRITTEN)
      this.#stream.destroy(new Error(`the disk is ${MOST_UNWRITTEN / 2 ** 20} MiB behind`))
  }
}

export interface JournalReading {
  /** All entries up to the first that cannot be trusted. */
  entries: Entry[]
  /** The line of the first that cannot, and why. */
  broken?: string
}

/**
 * Reads a journal back and checks every line's ordinal and checksum.
 * @throws {HarnessError} when there is no such file or it cannot be read.
 */
export async function readJournal(file: string): Promise<JournalReading> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw new HarnessError(`cannot read the journal: ${messageOf(thrown)}`, { cause: thrown })
  })
  const lines = text.split('\n')
  // A whole journal ends with a line feed; what follows the last one is a line that was being written.
  if (lines.at(-1) === '') lines.pop()
  const entries: Entry[] = []
  for (const [index, line] of lines.entries()) {
    const torn = index === lines.length - 1 && !text.endsWith('\n')
    const read = unsealed(line, entries.at(-1))
    if (typeof read !== 'string') entries.push(read)
    else return { entries, broken: `line ${index + 1}: ${torn ? 'torn, the writer was interrupted' : read}` }
  }
  return { entries }
}

/** A line's text ends with its checksum: `…,"checksum":"0badcafe"}`. JSON leaves U+2028 as it is, hence the s. */
const SEAL = /^(\{.*),"checksum":"([0-9a-f]{8})"\}$/s

const sealed = (body: string, checksum: string): string => `${body.slice(0, -1)},"checksum":"${checksum}"}`

function checksumOf(body: string, previousChecksum: string): string {
  return crc32(previousChecksum + body)
    .toString(16)
    .padStart(8, '0')
}

/** The entry, or why the line cannot be trusted. */
function unsealed(line: string, previous: Entry | undefined): Entry | string {
  const [, head, checksum] = SEAL.exec(line) ?? []
  if (head === undefined || checksum === undefined) return 'not an entry with a checksum'
  const expected = checksumOf(`${head}}`, previous?.checksum ?? '')
  if (checksum !== expected) return `checksum is ${checksum}, its text gives ${expected}`
  const entry = JSON.parse(line) as Entry
  const ordinal = (previous?.ordinal ?? 0) + 1
  if (entry.ordinal !== ordinal) return `ordinal is ${entry.ordinal}, after ${ordinal - 1}`
  return entry
}
