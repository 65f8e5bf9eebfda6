import type { RunBegun } from '../ledger/entries.ts'
import type { Verdict } from '../ledger/verdict-document.ts'
import { shellWord } from '../util/shell.ts'
import { exitCode, type ExitCode } from './exit-code.ts'

/**
 * harness: our own error, never Mistral's fault. not applicable: the cluster is too small. skipped: the suite did not
 * let it run, or it took itself out, which proves nothing.
 */
export type Status = 'kept' | 'broken' | 'unknown' | 'not applicable' | 'skipped' | 'harness'

export interface KnownGap {
  name: string
  /**
   * open: it broke in exactly that way, the promise counts as kept; closed: it did not break, the promise counts
   * as broken; may break: it cannot be forced yet, and either is as known.
   */
  state: 'open' | 'closed' | 'may break'
  text: string
}

/** One mocha `it`, one repetition. */
export interface PromiseResult {
  /** `rabbitmq-down/1`, with `@2` for a second repeat. */
  scenario: string
  /** The file's name without `.suite.ts`. */
  suite: string
  /** The path, from the working directory, of a suite that is not one of `suites/`. */
  file?: string
  /** The describe's title. */
  story: string
  /** The it's title. */
  promise: string
  /** 1, 2, 3 … */
  repeat: number
  status: Status
  gap?: KnownGap
  verdict?: Verdict
  /** The assertion's or the harness error's text, or why the promise was left out. */
  error?: string
  durationMs: number
  /** The last relevant log lines for the ids of a failure. */
  logLines: { node: string; lines: string[] }[]
  /** Replaced nodes, leftovers. */
  notes: string[]
}

export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  os: string
  node: string
}

/** What decides how a promise runs, beside the suite itself. */
export interface Settings {
  seed: string
  sizes: RunBegun['sizes']
  rpc: RunBegun['rpc']
  /** What stands at the links: our own server, or the URL of a real Toxiproxy. */
  toxiproxy: string
  /** The interpreter whose Mistral ran; undefined: the machine's own. */
  mistralPython?: string
}

/** All that a run has to say; each output is one reader of it. */
export interface ReportDocument extends Settings {
  format: 1
  run: string
  /** Wall clock, ISO 8601. */
  started: string
  finished: string
  durationMs: number
  /** The command that replays the whole run. */
  command: string
  versions: RunBegun['versions']
  machine: Machine
  /** In the order in which they ended. */
  promises: PromiseResult[]
  /** The boot, step by step. */
  steps: { what: string; ms: number }[]
  notes: string[]
  /** Errors of ours that belong to no promise: the boot's, the tear-down's. */
  harnessErrors: string[]
  interrupted: boolean
  exitCode: ExitCode
}

/** What the caller knows; the rest of the document follows from it. `durationMs` is from a monotonic clock. */
export type RunFacts = Omit<ReportDocument, 'format' | 'finished' | 'exitCode'>

export const buildReport = (facts: RunFacts): ReportDocument => ({
  format: 1,
  ...facts,
  finished: new Date(Date.parse(facts.started) + facts.durationMs).toISOString(),
  exitCode: exitCode(facts),
})

/**
 * The command that replays one promise alone, for a POSIX shell. Its expression is anchored at both ends of what
 * mocha matches, the story's title and the promise's: other promises of the suite stay out.
 */
export function replayCommand(settings: Settings, promise: PromiseResult): string {
  const { seed, sizes, rpc, toxiproxy, mistralPython } = settings
  const title = `${promise.story} ${promise.promise}`.replaceAll(REGEXP_SYNTAX, String.raw`\$&`)
  const words = ['npm', 'start', '--', promise.file ?? promise.suite]
  words.push('--grep', `^${title}$`, '--seed', seed)
  words.push('--engines', `${sizes.engine}`, '--executors', `${sizes.executor}`, '--apis', `${sizes.api}`)
  words.push('--rpc', rpc)
  if (/^https?:/.test(toxiproxy)) words.push('--toxiproxy', toxiproxy)
  if (mistralPython !== undefined) words.push('--mistral-python', mistralPython)
  // A repetition takes its random numbers under its own name: only the same repetition draws them again.
  if (promise.repeat > 1) words.push('--repeat', `${promise.repeat}`)
  return words.map(shellWord).join(' ')
}

const REGEXP_SYNTAX = /[\\^$.*+?()[\]{}|/]/g
