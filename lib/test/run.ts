import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { inSeconds, monotonicMs } from '../util/clock.ts'
import { unknownWord } from '../util/nearest.ts'
import { addTallies, judge, mochaTally, tallyLine, type Tally } from './tally.ts'

const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'node_modules/.bin')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** The hard limit of one integration test: it boots a cluster and breaks it for 8 to 12 s, on two cores. */
const INTEGRATION_TIMEOUT_MS = 180_000

/** One program of node_modules/.bin. A checker and a gate count as one test, mocha counts for itself. */
interface Part {
  name: string
  command: readonly [program: string, ...args: string[]]
  /** On top of our own environment. */
  env?: Record<string, string>
}

const check: Part[] = [
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'unused code', command: ['knip'] },
]

const imports: Part = { name: 'import table', command: ['mocha', 'lib/imports.test.ts'] }

const unit: Part = { name: 'unit tests', command: ['mocha', 'lib/**/*.test.ts', 'toxics/**/*.test.ts'] }

/** Every decoder, given so many inputs that nobody has checked. */
const fuzz = (inputs: number): Part => ({
  name: `the decoders, with ${inputs.toLocaleString('en')} inputs each`,
  command: ['mocha', '--parallel', '--jobs=3', 'lib/wire/**/fuzz.test.ts'],
  env: { CROSSWIND_FUZZ_INPUTS: String(inputs) },
})

/** Three files at a time, since they mostly wait. */
const onServers = (...files: string[]): Part['command'] => [
  'mocha',
  '--parallel',
  '--jobs=3',
  `--timeout=${INTEGRATION_TIMEOUT_MS}`,
  ...files,
]

const integration: Part = {
  name: 'integration tests on real servers, the planted negatives among them',
  // The longest one first.
  command: onServers('lib/test/**/*.itest.ts', 'lib/!(test)/**/*.itest.ts'),
}

const proofs: Part = {
  name: 'what others say of the messages',
  command: onServers('lib/test/proof/*.itest.ts'),
}

const truth = (rounds: number): Part => ({
  name: `the ledger and the truth, ${rounds} times`,
  command: onServers('lib/test/proof/{truth,struck}.itest.ts'),
  env: { CROSSWIND_TRUTH_ROUNDS: String(rounds) },
})

const leaks = (connections: number): Part => ({
  name: `what ${connections.toLocaleString('en')} connections leave behind that each toxic cut`,
  command: onServers('lib/test/proxy/leaks.itest.ts'),
  env: { CROSSWIND_LEAK_CONNECTIONS: String(connections) },
})

const gate = (...args: string[]): Part => ({
  name: `gate ${args.join(' ')}`,
  command: ['node', 'lib/cli/main.ts', 'gate', ...args],
})

/** What may be asked for by name. The import table is one of the unit tests. */
const SELECTIONS: Record<string, Part[]> = {
  all: [...check, unit, fuzz(300_000), integration],
  check: [...check, imports],
  unit: [unit],
  integration: [integration],
  proofs: [proofs],
  nightly: [
    fuzz(10_000_000),
    truth(100),
    leaks(10_000),
    gate('control', '--repeat', '100'),
    gate('control', '--repeat', '100', '--rpc', 'kombu'),
    gate('--all', '--repeat', '10'),
    gate('--all', '--repeat', '10', '--rpc', 'kombu'),
  ],
}

let interrupted: NodeJS.Signals | undefined

/** Runs one part, shows its output as it comes, and counts it. */
async function run({ name, command: [program, ...args], env = {} }: Part): Promise<Tally> {
  const begun = monotonicMs()
  console.log(`\n── ${name}: ${[program, ...args].join(' ')}`)
  // Where CI is set, mocha would colour what nobody looks at on a terminal.
  const colours = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  const child = spawn(join(BIN, program), args, {
    cwd: ROOT,
    env: { ...process.env, ...colours, ...env, PATH: [BIN, process.env['PATH']].join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const forward = (signal: NodeJS.Signals): void => {
    interrupted = signal
    child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  const { promise: ended, resolve } = Promise.withResolvers<number | null>()
  child.once('close', resolve)
  child.once('error', (error) => {
    console.error(error.message)
    resolve(null)
  })
  const code = await ended
  for (const signal of SIGNALS) process.off(signal, forward)

  const tally = judge(code, program === 'mocha' ? mochaTally(output) : 'counts itself once')
  console.log(`── ${name}: ${tally.failed > 0 ? 'failed' : 'ok'} in ${inSeconds(monotonicMs() - begun)}`)
  return tally
}

/** Runs the parts one after the other, also after one has failed, and returns the exit code. */
async function main(selection = 'all'): Promise<number> {
  const parts = SELECTIONS[selection]
  if (parts === undefined) {
    console.error(unknownWord('selection', selection, Object.keys(SELECTIONS)).message)
    return 2
  }
  const tallies: Tally[] = []
  for (const part of parts) {
    tallies.push(await run(part))
    if (interrupted) break
  }
  const sum = addTallies(tallies)
  console.log(`\n${tallyLine(sum)}`)
  if (interrupted) return 128 + constants.signals[interrupted]
  return sum.failed > 0 ? 1 : 0
}

process.exitCode = await main(process.argv[2])
