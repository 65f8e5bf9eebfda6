import type { Command } from 'commander'
import { runGate } from '../gate/gate.ts'
import { loadSuites, testsOf } from '../gate/mocha-run.ts'
import { allSuites, suiteFiles } from '../gate/suites.ts'
import { commandLine } from '../replay.ts'
import { newSeed, sizesOf, wholeNumber, withClusterFlags, type ClusterFlags } from '../options.ts'
import { suiteOf } from '../../scenario/scenario.ts'
import { UsageError, messageOf } from '../../util/errors.ts'

interface GateFlags extends ClusterFlags {
  grep?: string
  list?: true
  repeat: number
  keep: boolean
  all: boolean
  json: boolean
}

export function addGate(root: Command): void {
  const command = root
    .command('gate')
    .description('boots a cluster, runs fault suites on it and says what was kept and what was broken')
    .argument('[suite...]', `names or files (default: the core suites); there are ${allSuites().join(', ')}`)
  withClusterFlags(command)
    .option('--grep <re>', 'only promises whose story and title match')
    .option('--list', 'names the suites and their promises and runs nothing')
    .option('--repeat <n>', 'runs every promise so often', wholeNumber(1), 1)
    .option('--keep', 'leaves a red cluster up to look at', false)
    .option('--all', 'every suite, not only the core ones', false)
    .option('--json', 'the report document on standard output, progress on standard error', false)
    .action(gate)
}

async function gate(suites: string[], flags: GateFlags): Promise<void> {
  const { grep, rpc, repeat, keep, all, json, mistralPython, toxiproxy } = flags
  if (grep !== undefined) checkExpression(grep)
  if (flags.list) {
    await list(suites, all, grep, json)
    return
  }
  const seed = flags.seed ?? newSeed()
  const options = {
    suites,
    sizes: sizesOf(flags),
    rpc,
    seed,
    repeat,
    keep,
    all,
    json,
    python: mistralPython,
    ...(grep === undefined ? {} : { grep }),
    ...(toxiproxy === undefined ? {} : { toxiproxyUrl: toxiproxy.replace(/\/$/, '') }),
  }
  process.exitCode = await runGate(
    options,
    commandLine('npm start --', 3, flags.seed === undefined ? ['--seed', seed] : []),
  )
}

function checkExpression(grep: string): void {
  try {
    RegExp(grep)
  } catch (error) {
    throw new UsageError(`--grep is not a regular expression: ${messageOf(error)}`)
  }
}

async function list(suites: string[], all: boolean, grep: string | undefined, json: boolean): Promise<void> {
  const tests = testsOf(await loadSuites(suiteFiles(suites, all), grep))
  const rows = tests.map((test) => ({
    suite: suiteOf(test.file ?? ''),
    story: test.parent?.title ?? '',
    promise: test.title,
  }))
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`)
    return
  }
  for (const [suite, promises] of Map.groupBy(rows, (row) => row.suite)) {
    process.stdout.write(`${suite}: ${promises[0]?.story}\n`)
    for (const { promise } of promises) process.stdout.write(`  ${promise}\n`)
  }
}
