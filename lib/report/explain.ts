import type { Finding, Reason, Verdict } from '../ledger/verdict-document.ts'
import type { PromiseResult } from './document.ts'
import { plain } from './text.ts'

/** Findings told with their evidence; of those beyond, only the ids. */
const DETAILED = 3

/**
 * Why a promise ended as it did, line by line, two spaces a level: known gap, error, reasons with ids, states and
 * evidence, notes, log lines. Whole and unwrapped; every id is in it.
 */
export function explain(promise: PromiseResult): string[] {
  const { verdict, gap, logLines, notes } = promise
  const lines = [
    ...(gap ? [gapText(promise)] : []),
    ...errorLines(promise),
    ...(verdict?.reasons.flatMap((reason) => reasonLines(reason, verdict)) ?? []),
    ...(verdict?.leftovers.map(
      ({ scenario, finding }) => `left behind by ${scenario}: ${findingText(finding)}`,
    ) ?? []),
    ...notes.map((note) => `note: ${note}`),
    // The bar keeps a log's line from being read as anything else, a command to GitHub's runner for one.
    ...logLines.flatMap(({ node, lines }) => [
      `last lines of ${node}'s log:`,
      ...lines.map((line) => `  │ ${line}`),
    ]),
  ]
  return lines.flatMap((line) => plain(line).split('\n'))
}

/** What is to be said of a promise's known gap. */
export function gapText({ gap, verdict }: PromiseResult): string {
  if (!gap) return ''
  const told = {
    open: 'it broke in exactly that way',
    closed: 'gap closed, remove it',
    'may break': {
      valid: 'it did not break this time',
      invalid: 'it broke this time',
      unknown: 'it may break',
    }[verdict?.outcome ?? 'unknown'],
  }[gap.state]
  return `known gap ${gap.name}: ${told}: ${gap.text}`
}

/** A failed assertion on a verdict repeats the verdict: its first line is enough where reasons follow. */
function errorLines({ error, status, verdict }: PromiseResult): string[] {
  if (error === undefined) return []
  const lines = error.split('\n')
  return status !== 'harness' && verdict && verdict.reasons.length > 0 ? lines.slice(0, 1) : lines
}

function reasonLines(reason: Reason, verdict: Verdict): string[] {
  const { outcome, word, text, ids } = reason
  const findings = outcome === 'invalid' ? verdict.findings[word].filter(({ allowed }) => !allowed) : []
  const lines = [`${word}: ${text}`, ...findingLines(findings, DETAILED).map((line) => `  ${line}`)]
  const told = lines.join('\n')
  const untold = ids.filter((id) => !told.includes(id))
  return untold.length > 0 ? [...lines, `  ${untold.join(' ')}`] : lines
}

/** The first `detailed` findings with their evidence, the ids of the others. */
export function findingLines(findings: readonly Finding[], detailed: number): string[] {
  const others = findings.slice(detailed).map(({ id }) => id)
  return [
    ...findings
      .slice(0, detailed)
      .flatMap((finding) => [findingText(finding), ...finding.evidence.map((line) => `  ${line}`)]),
    ...(others.length > 0 ? [`and ${others.length} more: ${others.join(' ')}`] : []),
  ]
}

function findingText({ object, id, text, execution }: Finding): string {
  const named = text.includes(id) ? text : `${object} ${id}: ${text}`
  return execution === undefined || named.includes(execution) ? named : `${named} (of execution ${execution})`
}
