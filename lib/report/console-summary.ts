import type { Counts, MessageCounts } from '../ledger/verdict-document.ts'
import { indented, markOf, paint, type Terminal } from './console.ts'
import { replayCommand, type PromiseResult, type ReportDocument, type Status } from './document.ts'
import { findingLines } from './explain.ts'
import {
  byPromise,
  hasFailed,
  outcomeText,
  recoveriesFrom,
  recoveriesOf,
  scenarioOf,
  stuckIn,
  tally,
  tallyText,
  whyLeftOut,
} from './results.ts'
import { duration, plain, plural } from './text.ts'
import { spreadOf, spreadText } from './spread.ts'

/** Stuck objects told with their evidence, for each promise; of those beyond, only the ids. */
const STUCK_DETAILED = 5

/**
 * The end of a run: the verdict, what it counted, and what to do next. Its last line is exactly
 * `N passed, N failed, N skipped`.
 * @param folder where the run's files are.
 */
export function finalSummary(document: ReportDocument, folder: string, terminal: Terminal): string {
  const { exitCode, promises, harnessErrors, notes } = document
  const colour = exitCode === 0 ? 'green' : exitCode === 1 ? 'red' : 'yellow'
  const narrow = (title: string, body: readonly string[]): string[] => section(title, body, terminal)
  // Tables and commands stay on one line each: a command is there to be copied.
  const wide = (title: string, body: readonly string[]): string[] =>
    section(title, body, { ...terminal, width: Infinity })
  return [
    '',
    paint(terminal, colour, `Verdict: ${outcomeText(document)}`),
    ...indented(countLines(promises), 2, terminal),
    ...narrow('Stuck', stuckLines(promises)),
    ...narrow('Recovery per fault', recoveryLines(promises)),
    ...wide('Repetitions', repeatTable(promises)),
    ...narrow('Known gaps', gapLines(promises)),
    ...narrow('Not applicable', leftOutLines(promises, 'not applicable')),
    ...narrow('Skipped, which proves nothing', leftOutLines(promises, 'skipped')),
    ...narrow('Harness errors', harnessErrors),
    ...narrow('Notes', notes),
    ...wide('Not kept; each alone again with', failedLines(document)),
    ...wide('Run', runLines(document, folder)),
    '',
    tallyText(tally(document)),
  ].join('\n')
}

/** A heading and its lines, with an empty line above; nothing if there are none. */
function section(title: string, body: readonly string[], terminal: Terminal): string[] {
  if (body.length === 0) return []
  const lines = body.flatMap((line) => plain(line).split('\n'))
  return ['', paint(terminal, 'bold', title), ...indented(lines, 2, terminal)]
}

function countLines(promises: readonly PromiseResult[]): string[] {
  const all = promises.flatMap(({ verdict }) => (verdict ? [verdict.counts] : []))
  if (all.length === 0) return []
  const sum = (of: (counts: Counts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
  const rare = Object.entries({
    waiting: sum(({ executions }) => executions.waiting),
    late: sum(({ executions }) => executions.late),
    stuck: sum(({ executions }) => executions.stuck),
    'not started': sum(({ executions }) => executions.notStarted),
    lost: sum(({ executions }) => executions.lost),
  }).flatMap(([word, count]) => (count === 0 ? [] : [`${count} ${word}`]))
  const started = sum(({ executions }) => executions.started)
  const finished = sum(({ executions }) => executions.finished)
  const failed = sum(({ executions }) => executions.failed)
  const total = sum(({ attempts }) => attempts.total)
  const ranOnce = sum(({ attempts }) => attempts.ranOnce)
  const ranMore = sum(({ attempts }) => attempts.ranMore)
  const covered = `${sum(({ effects }) => effects.covered)} of ${sum(({ effects }) => effects.expected)}`
  return [
    `executions  ${[`${started} started`, `${finished} finished`, `${failed} failed`, ...rare].join(', ')}`,
    `items       ${sum(({ items }) => items.owed)} owed, ${sum(({ items }) => items.ranZero)} ran 0 times`,
    `attempts    ${total} made, ${ranOnce} ran once, ${ranMore} ran more than once`,
    `effects     ${covered} covered (${sum(({ effects }) => effects.arrived)} arrived)`,
    `messages    ${messagesText(sumOfMessages(all))}`,
  ]
}

function sumOfMessages(all: readonly Counts[]): MessageCounts {
  const sum: MessageCounts = { judged: 0, done: 0, moot: 0, lost: 0, duplicated: 0, parked: 0, unknown: 0 }
  for (const { messages } of all)
    for (const key of Object.keys(sum) as (keyof MessageCounts)[]) sum[key] += messages[key]
  return sum
}

function messagesText({ judged, done, lost, duplicated, ...rare }: MessageCounts): string {
  const others = Object.entries(rare).flatMap(([word, count]) => (count === 0 ? [] : [`${count} ${word}`]))
  return [`${judged} judged`, `${done} done`, `${lost} lost`, `${duplicated} duplicated`, ...others].join(
    ', ',
  )
}

const stuckLines = (promises: readonly PromiseResult[]): string[] =>
  promises.flatMap((promise) => {
    const lines = findingLines(stuckIn(promise), STUCK_DETAILED)
    const known = promise.gap?.state === 'open' ? ` (known gap ${promise.gap.name})` : ''
    return lines.length === 0 ? [] : [`${promise.scenario}${known}`, ...lines.map((line) => `  ${line}`)]
  })

const recoveryLines = (promises: readonly PromiseResult[]): string[] =>
  byPromise(promises).flatMap((repeats) => {
    const faults = repeats.flatMap(({ verdict }) => verdict?.faults ?? [])
    return [...Map.groupBy(faults, ({ text }) => text)].map(([text, same]) => {
      const spread = spreadOf(recoveriesFrom(same))
      const told = spread
        ? `${spreadText(spread)}, ${plural(spread.count, 'execution')}`
        : same.every(({ whyNot }) => whyNot.length > 0)
          ? 'it proved nothing'
          : 'no execution recovered from it'
      return `${repeats.slice(0, 1).map(scenarioOf).join('')}  ${text}: ${told}`
    })
  })

/** Only of a run with repetitions: runs, outcomes and seconds until recovery, for each promise. */
function repeatTable(promises: readonly PromiseResult[]): string[] {
  if (promises.every(({ repeat }) => repeat <= 1)) return []
  const rows = byPromise(promises).map((repeats) => {
    const outcomes = [...Map.groupBy(repeats, ({ status }) => status)]
    const spread = spreadOf(recoveriesOf(repeats))
    const seconds = spread
      ? [spread.min, spread.median, spread.max].map((one) => one.toFixed(1))
      : ['', '', '']
    const [first] = repeats
    return [
      `${repeats.length}`,
      outcomes.map(([status, of]) => `${of.length} ${status}`).join(', '),
      ...seconds,
      first ? `${first.suite}: ${first.promise}` : '',
    ]
  })
  return columns([['runs', 'outcomes', 'min s', 'median s', 'max s', 'promise'], ...rows])
}

/** Cells padded to their column's width; the last one is free. */
function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Each known gap with how often it broke. */
function gapLines(promises: readonly PromiseResult[]): string[] {
  const groups = Map.groupBy(
    promises,
    (promise) => promise.gap && `${scenarioOf(promise)}  ${promise.gap.name}`,
  )
  return [...groups].flatMap(([name, runs]) => {
    if (name === undefined) return []
    const broke = runs.filter(
      ({ gap, verdict }) =>
        gap?.state === 'open' || (gap?.state === 'may break' && verdict?.outcome === 'invalid'),
    )
    const closed = runs.some(({ gap }) => gap?.state === 'closed') ? '; gap closed, remove it' : ''
    const texts = new Set(runs.map(({ gap }) => gap?.text))
    const often = `broke in ${broke.length} of ${plural(runs.length, 'run')}`
    return [`${name}: ${often}${closed}: ${[...texts].join('; ')}`]
  })
}

const leftOutLines = (promises: readonly PromiseResult[], why: Status): string[] =>
  byPromise(promises.filter(({ status }) => status === why)).flatMap((repeats) =>
    repeats.slice(0, 1).map((promise) => `${promise.suite}: ${promise.promise}: ${whyLeftOut(promise)}`),
  )

const failedLines = (document: ReportDocument): string[] =>
  document.promises
    .filter(hasFailed)
    .flatMap((promise) => [
      `${markOf(promise.status)} ${promise.scenario}  ${promise.promise}`,
      `  ${replayCommand(document, promise)}`,
    ])

function runLines(document: ReportDocument, folder: string): string[] {
  const { sizes, versions, machine } = document
  return [
    `seed      ${document.seed}`,
    `command   ${document.command}`,
    `cluster   ${sizes.api} api, ${sizes.engine} engine, ${sizes.executor} executor, rpc ${document.rpc}`,
    `versions  ${Object.entries(versions)
      .map(([what, version]) => `${what} ${version}`)
      .join(', ')}`,
    `machine   ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}`,
    `took      ${duration(document.durationMs)}`,
    `folder    ${folder}`,
  ]
}
