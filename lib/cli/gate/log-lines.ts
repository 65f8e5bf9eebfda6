import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict } from '../../ledger/verdict-document.ts'
import type { PromiseResult } from '../../report/document.ts'

const LINES_PER_NODE = 3
/** A line at DEBUG may hold a whole workflow; the log itself is in the run's folder. */
const LINE_LENGTH = 300
/** The end of a log is enough: a failure's ids are those of the promise that has just ended. */
const READ_BYTES = 8 * 2 ** 20

/** Mistral's own words for what it does not log as a matter of course. */
const SERIOUS = / (WARNING|ERROR|CRITICAL) /

/**
 * The last lines of each node's log that name one of the ids that a verdict holds against the run: warnings and
 * errors where there are any.
 */
export function logLinesFor(verdict: Verdict | undefined, folder: string): PromiseResult['logLines'] {
  const ids = verdict?.reasons.flatMap((reason) => reason.ids) ?? []
  const wanted = ids.filter((id) => /^[0-9a-f-]{36}$/.test(id))
  if (wanted.length === 0) return []
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
  return logs
    .map((name) => ({ node: name.replace(/\.log$/, ''), lines: linesNaming(wanted, join(folder, name)) }))
    .filter(({ lines }) => lines.length > 0)
}

function linesNaming(ids: readonly string[], file: string): string[] {
  const text = readFileSync(file, 'utf8').slice(-READ_BYTES)
  const naming = text.split('\n').filter((line) => ids.some((id) => line.includes(id)))
  const serious = naming.filter((line) => SERIOUS.test(line))
  return (serious.length > 0 ? serious : naming).slice(-LINES_PER_NODE).map(clip)
}

const clip = (line: string): string => (line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH)}…`)
