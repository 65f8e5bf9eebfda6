import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { monotonicMs } from '../util/clock.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import type { Entry, Fact } from './entries.ts'
import { writeMembers } from './entry-text.ts'
import { TextWriter } from './text-writer.ts'

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
  /**
   * Records a fact. Never waits and never throws: a write that fails is kept as `error`. One that is not retained
   * becomes the entry, and is not to be used any more.
   * @param time When it was, as `now`, which it is by default; no entry is earlier than the one before it.
   */
  append(fact: Fact, time?: number): Entry
  /** Those that are retained. */
  entries(): readonly Entry[]
  /** The last entry's line, with its end: a view until the next one is appended. */
  readonly lastLine: Buffer
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
  const text = new TextWriter()
  const lines = new LineWriter(file, text, fail)
  const clock = (): number => Math.round((now() - began) * 1000) / 1000
  let last = { ordinal: 0, at: 0, checksum: '' }
  let error: HarnessError | undefined
  let closed = false

  function fail(thrown: unknown): void {
    if (error !== undefined) return
    const reason = `the journal ${file} cannot be written: ${messageOf(thrown)}; it is incomplete (of ${last.ordinal} entries so far)`
    error = new HarnessError(reason, { cause: thrown })
    onError?.(error)
  }

  return {
    file,
    get error() {
      return error
    },
    now: clock,
    append(fact, time = clock()) {
      const ordinal = last.ordinal + 1
      const at = Math.max(last.at, time)
      writeTime(at, text.begin().raw('{"ordinal":').number(ordinal).raw(',"at":'))
      writeMembers(fact, text.raw(','))
      text.raw('}')
      if (closed) fail(new Error(`${fact.kind} was appended after the journal's end`))
      const checksum = lines.seal()
      last = { ordinal, at, checksum }
      if (!retain(fact)) return entryOf(fact, ordinal, at, checksum)
      // Read back from its own text, so that memory and file can never tell different stories.
      const entry = JSON.parse(text.written.toString()) as Entry
      entries.push(entry)
      return entry
    },
    entries: () => entries,
    get lastLine() {
      return text.written
    },
    async close() {
      closed = true
      await lines.end()
    },
  }
}

/** A copy takes more time than everything else that is done with an entry. */
function entryOf(fact: Fact, ordinal: number, at: number, checksum: string): Entry {
  const entry = fact as Entry
  entry.ordinal = ordinal
  entry.at = at
  entry.checksum = checksum
  return entry
}

/** Thousandths behind the point, as a number's own text has them; that text takes several times as long. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, part) => String(part / 1000).slice(1))

/** A time of whole thousandths as JSON. */
function writeTime(at: number, text: TextWriter): void {
  const whole = Math.floor(at)
  text.number(whole).raw(THOUSANDTHS[Math.round((at - whole) * 1000)] ?? '')
}

/** Lines wait no longer than this for others to be written with: a write costs as much as many lines do. */
const FLUSH_MS = 5

/** Seals lines and writes them to a file, many together. */
class LineWriter {
  readonly #stream: WriteStream
  readonly #text: TextWriter
  readonly #fail: (thrown: unknown) => void
  #flush: NodeJS.Timeout | undefined
  /** CRC-32 of the last line's checksum: what the next one's begins with. */
  #seed = 0

  constructor(file: string, text: TextWriter, fail: (thrown: unknown) => void) {
    this.#text = text
    this.#fail = fail
    this.#stream = createWriteStream(file)
    this.#stream.on('error', fail)
  }

  /** Seals the text that has been written as a line, and returns its checksum. */
  seal(): string {
    const checksum = hex(crc32(this.#text.written, this.#seed))
    this.#seed = crcOf(checksum)
    // The seal's comma takes the place of the closing brace.
    this.#text.takeBack(1).raw(SEAL_HEAD).raw(checksum).raw(SEAL_TAIL).raw('\n').end()
    this.#flush ??= setTimeout(() => this.#write(), FLUSH_MS)
    return checksum
  }

  async end(): Promise<void> {
    this.#write()
    this.#stream.end()
    await finished(this.#stream).catch(this.#fail)
  }

  #write(): void {
    clearTimeout(this.#flush)
    this.#flush = undefined
    for (const lines of this.#text.take()) if (this.#stream.writable) this.#stream.write(lines)
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

/** Of the file so much is read at a time: a journal may be longer than a string can be. */
const READ_BYTES = 2 ** 20

/**
 * Reads a journal back and checks every line's ordinal and checksum.
 * @throws {HarnessError} when there is no such file or it cannot be read.
 */
export async function readJournal(file: string): Promise<JournalReading> {
  const entries: Entry[] = []
  let number = 0
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const bytes of createReadStream(file, {
      highWaterMark: READ_BYTES,
    }) as AsyncIterable<Buffer>) {
      const piece = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
      let begin = 0
      for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, begin)) {
        number += 1
        const read = unsealed(piece.subarray(begin, end), entries.at(-1))
        if (typeof read === 'string') return { entries, broken: `line ${number}: ${read}` }
        entries.push(read)
        begin = end + 1
      }
      rest = piece.subarray(begin)
    }
  } catch (thrown) {
    throw new HarnessError(`cannot read the journal: ${messageOf(thrown)}`, { cause: thrown })
  }
  // A whole journal ends with a line feed; what follows the last one is a line that was being written.
  if (rest.length === 0) return { entries }
  const last = unsealed(rest, entries.at(-1))
  if (typeof last === 'string')
    return { entries, broken: `line ${number + 1}: torn, the writer was interrupted` }
  return { entries: [...entries, last] }
}

const LINE_FEED = 10

/** A line's text ends with its checksum: `…,"checksum":"0badcafe"}`. */
const SEAL_HEAD = ',"checksum":"'
const SEAL_TAIL = '"}'
const SEAL = /^,"checksum":"([0-9a-f]{8})"\}$/
const SEAL_BYTES = SEAL_HEAD.length + 8 + SEAL_TAIL.length

/** The remainders of all bytes, as CRC-32 has them. */
const REMAINDERS = Uint32Array.from(
  { length: 256 },
  (_, byte) => crc32(Buffer.of(byte ^ 255)) ^ crc32(Buffer.of(255)),
)

/** CRC-32 of a short text in ASCII: calling the engine's takes longer. */
function crcOf(text: string): number {
  let sum = -1
  for (let at = 0; at < text.length; at += 1)
    sum = (sum >>> 8) ^ (REMAINDERS[(sum ^ text.charCodeAt(at)) & 255] as number)
  return ~sum >>> 0
}

const BYTES_IN_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight digits; a number's own conversion is slow where it needs more than 31 bits. */
const hex = (sum: number): string =>
  `${BYTES_IN_HEX[sum >>> 24]}${BYTES_IN_HEX[(sum >>> 16) & 255]}${BYTES_IN_HEX[(sum >>> 8) & 255]}${BYTES_IN_HEX[sum & 255]}`

/** The entry, or why the line cannot be trusted. */
function unsealed(line: Buffer, previous: Entry | undefined): Entry | string {
  const head = line.subarray(0, Math.max(line.length - SEAL_BYTES, 0))
  const [, checksum] = SEAL.exec(line.toString('latin1', head.length)) ?? []
  if (checksum === undefined) return 'not an entry with a checksum'
  const expected = hex(crc32('}', crc32(head, crc32(previous?.checksum ?? ''))))
  if (checksum !== expected) return `checksum is ${checksum}, its text gives ${expected}`
  const entry = JSON.parse(line.toString()) as Entry
  const ordinal = (previous?.ordinal ?? 0) + 1
  if (entry.ordinal !== ordinal) return `ordinal is ${entry.ordinal}, after ${ordinal - 1}`
  return entry
}
