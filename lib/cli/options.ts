import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { DEBIAN_PYTHON } from '../cluster/programs.ts'
import type { Sizes } from '../cluster/cluster.ts'
import type { Rpc } from '../ledger/entries.ts'

/** A whole number from `min`, to `max` if there is one, in digits alone: `1e3` is a slip. */
export const wholeNumber =
  (min: number, max?: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (!Number.isSafeInteger(value) || value < min || value > (max ?? Infinity))
      throw new InvalidArgumentError(
        `It must be a whole number from ${min}${max === undefined ? '' : ` to ${max}`}.`,
      )
    return value
  }

/** Each node is a process of its own: more of a kind are a slip, and would only bring the machine down. */
const MOST_NODES = 20

/** Where a server's HTTP API is, without a slash at the end. */
export function httpUrl(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new InvalidArgumentError('It must be a URL: http://HOST:PORT.')
  return text.replace(/\/+$/, '')
}

export interface ClusterFlags {
  engines: number
  executors: number
  apis: number
  rpc: Rpc
  seed: string
  mistralPython: string
  toxiproxy?: string
}

/** The options of the commands that boot a cluster. */
export const withClusterFlags = (command: Command): Command =>
  command
    .option('--engines <n>', 'engines', wholeNumber(1, MOST_NODES), 2)
    .option('--executors <n>', 'executors', wholeNumber(1, MOST_NODES), 2)
    .option('--apis <n>', 'apis', wholeNumber(1, MOST_NODES), 1)
    .addOption(
      new Option('--rpc <driver>', "Mistral's RPC driver").choices(['oslo', 'kombu']).default('oslo'),
    )
    .option('--seed <text>', 'decides every random choice (default: one is made and printed)')
    .addOption(
      new Option(
        '--mistral-python <path>',
        'the interpreter whose Mistral runs (env: CROSSWIND_MISTRAL_PYTHON)',
        // An empty variable, as a workflow's unset input gives it, is none.
      )
        // Nodes run in a folder of their own; a bare word is looked for on PATH.
        .argParser((path) => (path.includes('/') ? resolve(path) : path))
        .default(process.env['CROSSWIND_MISTRAL_PYTHON'] || DEBIAN_PYTHON),
    )
    .option('--toxiproxy <url>', 'a real Toxiproxy that stands in front of our proxies', httpUrl)

export const sizesOf = ({ engines, executors, apis }: ClusterFlags): Sizes => ({
  api: apis,
  engine: engines,
  executor: executors,
})

/** Short enough to type again. */
export const newSeed = (): string => randomBytes(4).toString('hex')
