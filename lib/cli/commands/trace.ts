import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { readJournal } from '../../ledger/journal.ts'
import { traceOf, type Trace } from '../../ledger/messages/trace.ts'
import { UsageError } from '../../util/errors.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { journalOf, journalsAtHand } from '../journals.ts'
import { terminalOf } from '../terminal.ts'
import { traceLines } from '../trace-lines.ts'

interface TraceFlags extends ClusterChoice {
  run?: string
  json: boolean
}

export function addTrace(root: Command): void {
  const command = root
    .command('trace')
    .description("one workflow's story in order: each call with its fate, each transaction, each effect")
    .argument('<execution>', 'the id of a workflow execution')
    .option('--run <run>', "a run's folder or name; default: wherever the execution is found, newest first")
    .option('--json', 'as JSON', false)
  withClusterChoice(command)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- trace 4f0c9d2e-7a51-4c1e-9d0a-2b6f8c3e1a77')
    .action(trace)
}

async function trace(execution: string, { run, cluster, json }: TraceFlags): Promise<void> {
  const journals = run === undefined ? journalsAtHand(cluster) : [journalOf(run)]
  const { found, journal } = await find(execution, journals)
  const terminal = terminalOf(process.stdout)
  if (json) process.stdout.write(`${JSON.stringify({ journal, ...found, names: [...found.names] })}\n`)
  else process.stdout.write(`${traceLines(found, journal, terminal).join('\n')}\n`)
}

/** @throws {UsageError} if no journal knows the execution. */
async function find(
  execution: string,
  journals: readonly string[],
): Promise<{ found: Trace; journal: string }> {
  for (const journal of journals) {
    // Most journals do not know it: that is told without reading each line.
    if (!(await readFile(journal, 'utf8')).includes(execution)) continue
    const found = traceOf((await readJournal(journal)).entries, execution)
    if (found) return { found, journal }
  }
  const where = journals.length === 0 ? 'there is no journal' : `not in ${journals.join(', ')}`
  throw new UsageError(`no execution ${execution} was seen: ${where}`)
}
