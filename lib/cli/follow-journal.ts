import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import type { Entry } from '../ledger/entries.ts'
import { monotonicMs } from '../util/clock.ts'

const LOOK_EVERY_MS = 100

export interface JournalFollower {
  /** @param now monotonic ms. */
  onEntry: (entry: Entry, now: number) => void
  /** Everything that there is was read. */
  onIdle: (now: number) => void
}

/** Reads what is appended to a journal from now on, until it has ended, or nobody reads our output any more. */
export async function followJournal(journal: string, { onEntry, onIdle }: JournalFollower): Promise<void> {
  await using file = await open(journal)
  const unread = new AbortController()
  process.stdout.once('error', () => unread.abort())
  const buffer = Buffer.alloc(256 * 1024)
  let at = (await file.stat()).size
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let ended = false
  while (!unread.signal.aborted && !ended && existsSync(journal)) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    at += bytesRead
    const lines = `${rest}${decoder.write(buffer.subarray(0, bytesRead))}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const entry = entryOf(line)
      if (!entry) continue
      onEntry(entry, monotonicMs())
      ended ||= entry.kind === 'run.ended'
    }
    if (bytesRead > 0) continue
    onIdle(monotonicMs())
    await pause(LOOK_EVERY_MS)
  }
}

/** The entry of a line; undefined for the rest of one that was being written when the reading began. */
function entryOf(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined
  }
}
