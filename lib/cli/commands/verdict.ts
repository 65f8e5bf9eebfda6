import type { Command } from 'commander'
import { readJournal } from '../../ledger/journal.ts'
import { judgeAll } from '../../ledger/verdict.ts'
import type { Outcome, Verdict } from '../../ledger/verdict-document.ts'
import { paint, type Terminal } from '../../report/console.ts'
import { explain } from '../../report/explain.ts'
import { plural } from '../../report/text.ts'
import { journalOf } from '../journals.ts'
import { terminalOf } from '../terminal.ts'

const MARKS = {
  valid: { mark: '✓', colour: 'green' },
  invalid: { mark: '✗', colour: 'red' },
  unknown: { mark: '?', colour: 'yellow' },
} as const

const STATUS = { valid: 'kept', invalid: 'broken', unknown: 'unknown' } as const

export function addVerdict(root: Command): void {
  root
    .command('verdict')
    .description('judges a run again, from its journal alone; exits like the gate, known gaps apart')
    .argument('<run>', 'the folder of a run: runs/20261123-180000-a1b2c3')
    .option('--json', 'the verdicts as JSON', false)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- verdict runs/20261123-180000-a1b2c3')
    .action(verdict)
}

async function verdict(run: string, { json }: { json: boolean }): Promise<void> {
  const journal = journalOf(run)
  const { entries, broken } = await readJournal(journal)
  const verdicts = judgeAll(entries)
  const outcome = outcomeOf(verdicts, broken)
  process.exitCode = { valid: 0, invalid: 1, unknown: 2 }[outcome]
  if (json) {
    process.stdout.write(`${JSON.stringify({ outcome, journal, broken: broken ?? null, verdicts })}\n`)
    return
  }
  const terminal = terminalOf(process.stdout)
  const lines = verdicts.flatMap((one) => promiseLines(one, terminal))
  if (broken !== undefined) lines.push(`${journal} is broken at ${broken}`, 'what follows it is not judged')
  lines.push(
    `${outcome}: ${plural(verdicts.length, 'promise')}, ${plural(entries.length, 'entry', 'entries')}`,
  )
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** A journal that is broken or judges nothing proves nothing. */
export function outcomeOf(verdicts: readonly Verdict[], broken: string | undefined): Outcome {
  if (broken !== undefined || verdicts.length === 0) return 'unknown'
  const outcomes = verdicts.map(({ outcome }) => outcome)
  return (['invalid', 'unknown'] as const).find((word) => outcomes.includes(word)) ?? 'valid'
}

function promiseLines(verdict: Verdict, terminal: Terminal): string[] {
  const { mark, colour } = MARKS[verdict.outcome]
  const { executions, items } = verdict.counts
  const counts = `${executions.finished} of ${executions.started} executions finished, ${items.ranZero} of ${items.owed} items ran 0 times`
  return [
    `${paint(terminal, colour, mark)} ${verdict.scenario}  ${verdict.promise}  ${verdict.outcome}: ${counts}`,
    ...explain({
      ...verdict,
      verdict,
      story: '',
      repeat: 1,
      status: STATUS[verdict.outcome],
      durationMs: 0,
      logLines: [],
      notes: [],
    }).map((line) => `    ${line}`),
  ]
}
