import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judgeRun } from '../cli/gate/journaled.ts'
import { openJournal, readJournal } from '../ledger/journal.ts'
import type { Entry } from '../ledger/entries.ts'
import { thisMachine } from '../report/machine.ts'
import { monotonicMs } from '../util/clock.ts'
import { UsageError } from '../util/errors.ts'
import { pauseFor } from '../util/poll.ts'

const ENTRIES = 1_000_000
/** More than a run's links have. */
const CONNECTIONS_APART = 100_000
/** After so many the writer gets its turn: it never waits by itself. */
const TURN = 10_000

/**
 * How long `crosswind verdict` takes for a long journal: that of a real run, written again and again with new ids until
 * it has a million entries, is read, checked and judged.
 */
export async function benchVerdict(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { entries: { type: 'string', default: String(ENTRIES) } },
  })
  const [run] = positionals
  const wanted = Number(values.entries)
  if (run === undefined || !Number.isInteger(wanted))
    throw new UsageError('usage: npm run bench -- verdict runs/ID [--entries N]')
  const folder = mkdtempSync(join(tmpdir(), 'crosswind-bench-'))
  try {
    const file = join(folder, 'journal.ndjson')
    const scenarios = await lengthen(join(run, 'journal.ndjson'), file, wanted)
    const begun = monotonicMs()
    const { entries, broken } = await readJournal(file)
    const read = monotonicMs()
    const { promises } = judgeRun(entries, broken)
    const judged = monotonicMs()
    const { cpu, cores, memoryGiB, node } = thisMachine()
    const outcomes = Map.groupBy(promises, ({ status }) => status)
    const told = [...outcomes].map(([status, group]) => `${group.length} ${status}`).join(', ')
    process.stdout.write(
      [
        `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`,
        `${entries.length} entries, ${scenarios} scenarios: ${told}`,
        `read and checked  ${seconds(read - begun)} s`,
        `judged            ${seconds(judged - read)} s`,
        `together          ${seconds(judged - begun)} s (goal for a million: 10)`,
        `memory            ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`,
        '',
      ].join('\n'),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** @returns How many scenarios the longer journal has. */
async function lengthen(from: string, to: string, wanted: number): Promise<number> {
  const lines = readFileSync(from, 'utf8').trimEnd().split('\n')
  let time = 0
  const journal = openJournal(to, { now: () => time, retain: () => false })
  let entries = 0
  let scenarios = 0
  for (let copy = 0; entries < wanted; copy += 1) {
    const offset = time
    for (const line of lines) {
      const { ordinal: _, at, checksum: __, ...fact } = copied(line, copy) as Entry
      if (copy > 0 && fact.kind === 'run.begun') continue
      if (entries + 1 < wanted && fact.kind === 'run.ended') continue
      if (entries >= wanted) break
      time = offset + at
      journal.append(fact)
      entries += 1
      if (fact.kind === 'scenario.begun') scenarios += 1
      if (entries % TURN === 0) await pauseFor(0, undefined)
    }
  }
  await journal.close()
  return scenarios
}

/** A line with all its ids, scenarios and connections made those of another run. */
function copied(line: string, copy: number): unknown {
  const text = line.replaceAll(/\b([0-9a-f]{8})(?=-[0-9a-f]{4}-[0-9a-f]{4}-)/g, (_, head: string) =>
    ((Number.parseInt(head, 16) ^ (copy * 0x9e3779b1)) >>> 0).toString(16).padStart(8, '0'),
  )
  const entry = JSON.parse(text) as { scenario?: string; connection?: number }
  if (entry.scenario !== undefined) entry.scenario += `#${copy}`
  if (entry.connection !== undefined) entry.connection += copy * CONNECTIONS_APART
  return entry
}
