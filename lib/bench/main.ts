import { messageOf, UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { benchBoot } from './boot.ts'
import { benchMessages } from './messages.ts'
import { benchProxy } from './proxy.ts'
import { benchVerdict } from './verdict.ts'

/** Benchmarks by name; each prints medians of one run, with the machine. */
const BENCHMARKS: Record<string, (args: string[]) => Promise<void>> = {
  boot: (args) => {
    if (args.length > 0) throw new UsageError(`boot takes no arguments, not ${args.join(' ')}`)
    return benchBoot()
  },
  messages: benchMessages,
  proxy: benchProxy,
  verdict: benchVerdict,
}

const names = Object.keys(BENCHMARKS)
try {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined)
    throw new UsageError(`usage: npm run bench -- NAME [options], one of ${names.join(', ')}`)
  const bench = BENCHMARKS[name]
  if (bench === undefined) throw unknownWord('benchmark', name, names)
  await bench(rest)
} catch (error) {
  if (!(error instanceof UsageError) && !isOfArguments(error)) throw error
  process.stderr.write(`bench: ${messageOf(error)}\n`)
  process.exitCode = 2
}

/** Of Node's own parser of arguments: an option that is not known, or lacks its value. */
function isOfArguments(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
