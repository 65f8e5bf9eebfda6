import { join } from 'node:path'
import type Mocha from 'mocha'
import { DEBIAN_PYTHON } from '../../cluster/programs.ts'
import { buildReport, type PromiseResult, type RunFacts } from '../../report/document.ts'
import { thisMachine } from '../../report/machine.ts'
import { plural } from '../../report/text.ts'
import type { PromiseOutcome } from '../../scenario/context.ts'
import { openSession, type Session } from '../../scenario/session.ts'
import { monotonicMs } from '../../util/clock.ts'
import { messageOf, type HarnessError } from '../../util/errors.ts'
import { VERSION } from '../../util/version.ts'
import { listenForInterrupts, type Interrupts } from '../interrupts.ts'
import { killOwnClusters } from '../predecessors.ts'
import { layRun, makeRoom, type LaidRun } from '../runs.ts'
import { promiseEnded } from './journaled.ts'
import { logLinesFor } from './log-lines.ts'
import { loadSuites, notRun, runSuites } from './mocha-run.ts'
import type { GateOptions } from './options.ts'
import { openOutput, type Output } from './output.ts'
import { resultOf } from './results.ts'
import { catchStrays } from './strays.ts'
import { suiteFiles } from './suites.ts'

/** What the parts of one gate share while it runs. */
interface Gate {
  options: GateOptions
  laid: LaidRun
  facts: RunFacts
  output: Output
  interrupts: Interrupts
  /** Aborted when something of ours broke: the run ends in order. */
  broken: AbortController
  /** On the monotonic clock. */
  begunAt: number
  /** The exit code that the report was given with; with --keep that is before the end. */
  told: number | undefined
}

/**
 * Runs suites on a cluster of their own and reports.
 * @param replay The command that replays the whole run.
 * @returns The exit code, see the design's decision 7.
 * @throws {UsageError} for suites or a filter that select nothing.
 */
export async function runGate(options: GateOptions, replay: string): Promise<number> {
  const files = suiteFiles(options.suites, options.all)
  const mocha = await loadSuites(files, options.grep, options.keep)
  const laid = layRun()
  const facts = factsOf(options, laid.run, replay)
  const output = openOutput(options.json, facts)
  using interrupts = listenForInterrupts(killOwnClusters, output.line)
  const broken = new AbortController()
  const gate: Gate = {
    options,
    laid,
    facts,
    output,
    interrupts,
    broken,
    begunAt: monotonicMs(),
    told: undefined,
  }
  catchStrays(files, (error) => strayed(gate, error))
  facts.notes.push(...(await makeRoom(laid)))
  try {
    await onSession(gate, mocha)
  } catch (error) {
    note(gate, error)
  }
  return gate.told ?? (await tell(gate))
}

/** Writes and prints what is known, and returns the exit code. */
async function tell(gate: Gate): Promise<number> {
  const { facts, interrupts, begunAt, output, laid } = gate
  facts.interrupted = interrupts.interrupted
  facts.durationMs = Math.round(monotonicMs() - begunAt)
  const document = buildReport(facts)
  await output.end(document, laid)
  gate.told = document.exitCode
  return document.exitCode
}

function factsOf(options: GateOptions, run: string, replay: string): RunFacts {
  const { seed, sizes, rpc, python, toxiproxyUrl } = options
  return {
    run,
    started: new Date().toISOString(),
    durationMs: 0,
    seed,
    command: replay,
    sizes,
    rpc,
    ...(python === DEBIAN_PYTHON ? {} : { mistralPython: python }),
    toxiproxy: toxiproxyUrl ?? 'embedded',
    versions: { crosswind: VERSION, node: process.versions.node, mistral: '', rabbitmq: '', postgres: '' },
    machine: thisMachine(),
    promises: [],
    steps: [],
    notes: [],
    harnessErrors: [],
    interrupted: false,
  }
}

/** Boots the cluster, runs the promises on it and takes it down again, whatever happens. */
async function onSession(gate: Gate, mocha: Mocha): Promise<void> {
  const { options, laid, facts, output, interrupts, broken } = gate
  const onStep = (what: string, ms: number) => {
    facts.steps.push({ what, ms: Math.round(ms) })
    output.step(what, ms)
  }
  const { sizes } = options
  output.line(
    `Crosswind: ${facts.run}, seed ${options.seed}: ${sizes.api} api, ${sizes.engine} engines, ${sizes.executor} executors, rpc ${options.rpc}`,
  )
  const booted = monotonicMs()
  const signal = AbortSignal.any([interrupts.signal, broken.signal])
  const session = await openSession({
    ...options,
    name: 'gate',
    folder: laid.folder,
    run: facts.run,
    replay: facts.command,
    onStep,
    onVersions: (versions) => {
      facts.versions = versions
    },
    signal,
    onBroken: (error) => broken.abort(error),
  })
  try {
    onStep('every node answers', monotonicMs() - booted)
    await runPromises(gate, session, mocha, signal)
  } catch (error) {
    note(gate, error)
  }
  await keepIfAsked(gate)
  const { harnessErrors } = facts
  const { interrupted } = interrupts
  const { exitCode } = buildReport({ ...facts, interrupted })
  session.record({ kind: 'run.ended', exitCode, harnessErrors, interrupted })
  try {
    await timed('down', onStep, Promise.resolve(session[Symbol.asyncDispose]()))
  } catch (error) {
    note(gate, error)
  }
}

/** An error of ours, unless it is only the interruption that it tells of, or has been told. */
function note({ facts, interrupts }: Gate, error: unknown): void {
  const text = messageOf(error)
  if (!interrupts.interrupted && !facts.harnessErrors.includes(text)) facts.harnessErrors.push(text)
}

/** The first ends the run in order; a toxic may throw one for each chunk until then. */
function strayed({ facts, output, broken }: Gate, error: HarnessError): void {
  if (broken.signal.aborted) return
  output.line(error.message)
  facts.harnessErrors.push(error.message)
  broken.abort(error)
}

async function timed<T>(
  what: string,
  onStep: (what: string, ms: number) => void,
  work: Promise<T>,
): Promise<T> {
  const begun = monotonicMs()
  const result = await work
  onStep(what, monotonicMs() - begun)
  return result
}

async function runPromises(gate: Gate, session: Session, mocha: Mocha, signal: AbortSignal): Promise<void> {
  const { facts, laid, output, options } = gate
  const add = (result: PromiseResult) => {
    facts.promises.push(result)
    output.promise(result)
  }
  const onOutcome = (outcome: PromiseOutcome) => {
    session.record(promiseEnded(outcome))
    const failed = outcome.error !== undefined
    add(resultOf(outcome, failed ? logLinesFor(outcome.verdict, join(laid.folder, 'nodes')) : []))
  }
  await runSuites({
    session,
    mocha,
    repeat: options.repeat,
    onStory: output.story,
    onBegin: output.begins,
    onOutcome,
    onHookFailed: (text) => facts.harnessErrors.push(text),
    signal,
  })
  const broken = session.broken()
  if (broken !== undefined) facts.harnessErrors.push(broken.message)
  // What did not run was not kept: a promise that goes missing must not look like one that was never made.
  const missing = notRun(mocha, options.repeat, facts.promises)
  if (missing.length > 0 && !gate.interrupts.interrupted && !options.keep)
    facts.harnessErrors.push(
      `${plural(missing.length, 'promise was', 'promises were')} not run: ${missing.join('; ')}`,
    )
}

/**
 * With --keep a gate stops at its first red promise, reports, and leaves the cluster up as that promise left it: in
 * the foreground, until it is interrupted.
 */
async function keepIfAsked(gate: Gate): Promise<void> {
  const { options, facts, output, interrupts } = gate
  if (!options.keep || buildReport(facts).exitCode === 0 || interrupts.interrupted) return
  await tell(gate)
  output.line('\nThe cluster stays up (--keep); `npm run crosswind -- ps` shows it. Ctrl-C ends it.')
  await new Promise((resolve) => {
    const alive = setInterval(() => {}, 60_000)
    interrupts.signal.addEventListener('abort', () => {
      clearInterval(alive)
      resolve(undefined)
    })
  })
}
