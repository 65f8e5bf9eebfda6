import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { benchBoot } from './boot.ts'

/** Benchmarks by name; each prints medians of one run, with the machine. */
const BENCHMARKS: Record<string, () => Promise<void>> = { boot: benchBoot }

const names = Object.keys(BENCHMARKS)
try {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined || rest.length > 0)
    throw new UsageError(`usage: npm run bench -- NAME, one of ${names.join(', ')}`)
  const bench = BENCHMARKS[name]
  if (bench === undefined) throw unknownWord('benchmark', name, names)
  await bench()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = 2
}
