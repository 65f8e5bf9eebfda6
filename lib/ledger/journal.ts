import { createWriteStream } from 'node:fs'
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
  entries(): readonly Entry[]
  /** Resolves when everything that can be written has been; never rejects, see `error`. */
  close(): Promise<void>
}

/** Begins a new journal; an older file of that name is replaced. */
export function openJournal(file: string, options: JournalOptions = {}): Journal {
  const { now = monotonicMs, onError } = options
  const began = now()
  const entries: Entry[] = []
  const stream = createWriteStream(file)
  const clock = (): number => Math.round((now() - began) * 1000) / 1000
  let error: HarnessError | undefined
  let closed = false

  function fail(thrown: unknown): void {
    if (error !== undefined) return
    const last = entries.at(-1)?.ordinal ?? 0
    const text = `the journal ${file} cannot be written: ${messageOf(thrown)}; it is incomplete (of ${last} entries so far)`
    error = new HarnessError(text, { cause: thrown })
    onError?.(error)
  }
  stream.on('error', fail)

  return {
    file,
    get error() {
      return error
    },
    now: clock,
    append(fact) {
      const previous = entries.at(-1)
      const at = Math.max(previous?.at ?? 0, clock())
      const line = sealed(
        JSON.stringify({ ordinal: entries.length + 1, at, ...fact }),
        previous?.checksum ?? '',
      )
      // Read back from its own text, so that memory and file can never tell different stories.
      const entry = JSON.parse(line) as Entry
      entries.push(entry)
      if (closed) fail(new Error(`${fact.kind} was appended after the journal's end`))
      else if (error === undefined) stream.write(`${line}\n`)
      return entry
    },
    entries: () => entries,
    async close() {
      closed = true
      stream.end()
      await finished(stream).catch(fail)
    },
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

function sealed(body: string, previousChecksum: string): string {
  return `${body.slice(0, -1)},"checksum":"${checksumOf(body, previousChecksum)}"}`
}

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
