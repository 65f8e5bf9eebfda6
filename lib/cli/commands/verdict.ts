import type { Command } from 'commander'
import { readJournal } from '../../ledger/journal.ts'
import { paintedMark, type Terminal } from '../../report/console.ts'
import type { PromiseResult } from '../../report/document.ts'
import { explain } from '../../report/explain.ts'
import { isLeftOut, outcomeText, whyLeftOut } from '../../report/results.ts'
import { plural } from '../../report/text.ts'
import { judgeRun } from '../gate/journaled.ts'
import { journalOf } from '../journals.ts'
import { terminalOf } from '../terminal.ts'

export function addVerdict(root: Command): void {
  root
    .command('verdict')
    .description('judges a run again, from its journal alone, and exits as its gate did')
    .argument('<run>', 'the folder of a run: runs/20261123-180000-a1b2c3')
    .option('--json', 'the results as JSON', false)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- verdict runs/20261123-180000-a1b2c3')
    .action(verdict)
}

async function verdict(run: string, { json }: { json: boolean }): Promise<void> {
  const journal = journalOf(run)
  const { entries, broken } = await readJournal(journal)
  const judged = judgeRun(entries, broken)
  process.exitCode = judged.exitCode
  if (json) {
    process.stdout.write(`${JSON.stringify({ journal, ...judged })}\n`)
    return
  }
  const terminal = terminalOf(process.stdout)
  const { promises, harnessErrors } = judged
  const lines = [
    ...promises.flatMap((promise) => promiseLines(promise, terminal)),
    ...harnessErrors.map((text) => `${paintedMark('harness', terminal)} ${text}`),
    `${outcomeText(judged)}; ${plural(promises.length, 'promise')}, ${plural(entries.length, 'entry', 'entries')}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function promiseLines(promise: PromiseResult, terminal: Terminal): string[] {
  const { scenario, status } = promise
  const head = `${paintedMark(status, terminal)} ${scenario}  ${promise.promise}  ${status}`
  if (isLeftOut(promise)) return [`${head}: ${whyLeftOut(promise)}`]
  return [`${head}${countsText(promise)}`, ...explain(promise).map((line) => `    ${line}`)]
}

function countsText({ verdict }: PromiseResult): string {
  if (verdict === undefined) return ''
  const { executions, items } = verdict.counts
  return `: ${executions.finished} of ${executions.started} executions finished, ${items.ranZero} of ${items.owed} items ran 0 times`
}
