import { markOf, recoveryTexts } from './console.ts'
import type { PromiseResult, ReportDocument } from './document.ts'
import { replayCommand } from './document.ts'
import { explain, gapText } from './explain.ts'
import { hasFailed, isLeftOut, outcomeText, tally, tallyText, whyLeftOut, worstFirst } from './results.ts'
import { clip, duration, plural } from './text.ts'

/** GitHub refuses a step's summary that is larger than this. */
export const JOB_SUMMARY_LIMIT_BYTES = 1024 * 1024

/** One promise never fills the summary alone: what is beyond is in report.json. */
const PROMISE_BYTES = 48 * 1024
const LINE_CHARACTERS = 4_000
const LISTED = 20

/**
 * The report as GitHub's job summary: Markdown, worst first, cut at whole promises so that it stays below
 * `limitBytes`, with a line that says how many were left out.
 */
export function jobSummary(document: ReportDocument, limitBytes = JOB_SUMMARY_LIMIT_BYTES): string {
  const head = headOf(document)
  const reserve = bytes(leftOutLine(document.promises.length))
  let room = limitBytes - 1 - bytes(head) - reserve
  let told = ''
  let count = 0
  let inTable = false
  for (const promise of worstFirst(document.promises)) {
    const failed = hasFailed(promise)
    const block = failed ? failedBlock(promise, document) : (inTable ? '' : TABLE_HEAD) + row(promise)
    if (bytes(block) > room) break
    inTable = !failed
    room -= bytes(block)
    told += block
    count += 1
  }
  const left = document.promises.length - count
  return `${head}${told}${left > 0 ? leftOutLine(left) : '\n'}`
}

const bytes = (text: string): number => Buffer.byteLength(text)

const leftOutLine = (count: number): string =>
  `\n\n${plural(count, 'more promise')} left out here: see report.json in the run's artifact.\n`

function headOf(document: ReportDocument): string {
  const { sizes, versions, harnessErrors, notes } = document
  const facts = {
    Seed: document.seed,
    Command: document.command,
    Cluster: `${sizes.api} api, ${sizes.engine} engine, ${sizes.executor} executor, rpc ${document.rpc}`,
    Versions: Object.entries(versions)
      .map(([what, version]) => `${what} ${version}`)
      .join(', '),
    Machine: `${document.machine.cpu}, ${document.machine.cores} cores, ${document.machine.memoryGiB} GiB`,
    Took: duration(document.durationMs),
  }
  const rows = Object.entries(facts).map(([what, value]) => `| ${what} | ${inline(value)} |`)
  const mark = document.exitCode === 0 ? '✅' : document.exitCode === 1 ? '❌' : '⚠️'
  return [
    `## ${mark} Crosswind: ${outcomeText(document)}`,
    `${tallyText(tally(document))}.`,
    ['| | |', '| --- | --- |', ...rows].join('\n'),
    ...list('Harness errors', harnessErrors),
    ...list('Notes', notes),
    '',
  ].join('\n\n')
}

function list(title: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return []
  const more = texts.length > LISTED ? [`- and ${texts.length - LISTED} more`] : []
  return [`### ${title}`, [...texts.slice(0, LISTED).map((text) => `- ${inline(text)}`), ...more].join('\n')]
}

function failedBlock(promise: PromiseResult, document: ReportDocument): string {
  const lines = [...explain(promise), `replay: ${replayCommand(document, promise)}`]
  const kept: string[] = []
  let room = PROMISE_BYTES
  for (const line of lines.map((line) => html(clip(line, LINE_CHARACTERS)))) {
    room -= bytes(line) + 1
    if (room < 0) {
      kept.push('… the rest is in report.json.')
      break
    }
    kept.push(line)
  }
  const heading = `### ${markOf(promise.status)} ${inline(promise.scenario)} ${inline(promise.promise)} (${promise.status})`
  return `${heading}\n\n${inline(promise.story)}\n\n<pre>\n${kept.join('\n')}\n</pre>\n\n`
}

const TABLE_HEAD = '\n| | Suite | Promise | | Took |\n| --- | --- | --- | --- | ---: |\n'

function row(promise: PromiseResult): string {
  const { status, verdict, gap, scenario, durationMs } = promise
  const details = isLeftOut(promise)
    ? [`${status}: ${whyLeftOut(promise)}`]
    : [...(gap ? [gapText(promise)] : []), ...recoveryTexts(verdict?.faults ?? [])]
  const cells = [markOf(status), scenario, promise.promise, details.join('; '), duration(durationMs)]
  return `| ${cells.map(inline).join(' | ')} |\n`
}

/** Text of others inside a line of Markdown: whatever could mean something there becomes a character reference. */
const inline = (text: string): string =>
  clip(text, LINE_CHARACTERS)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/[&<>\\`*_[\]#|~:@${}"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Text of others inside `<pre>`, where Markdown means nothing. */
const html = (text: string): string =>
  text.replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
