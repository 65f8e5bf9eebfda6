import { basename } from 'node:path'
import type { ToxicDefinition } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { HarnessError, UsageError } from '../util/errors.ts'
import { poll } from '../util/poll.ts'
import { NODE_KINDS, type NodeKind } from '../cluster/state.ts'
import { cleanState } from './clean.ts'
import { context, type PromiseOutcome } from './context.ts'
import { gapOf } from './expect.ts'
import { Run } from './run.ts'

/** The least number of nodes of each kind that a suite needs; a larger cluster is used as it is. */
export type Minima = Partial<Record<NodeKind, number>>

/** What a suite needs. */
export interface Needs extends Minima {
  /** Toxics of its own, which its faults can name by their types. */
  toxics?: readonly ToxicDefinition[]
}

/** A promise's outer limit, above every deadline of its own: Mistral's integrity check alone takes 120 s. */
const PROMISE_LIMIT_MS = 300_000
/** What is still under way when mocha gives a promise up; its own deadlines come sooner. */
const STRAY_LIMIT_MS = 200_000

/** What `Run` offers, for the promise that is being run. */
export type SuiteRun = Pick<
  Run,
  | 'start'
  | 'links'
  | 'link'
  | 'kill'
  | 'hold'
  | 'release'
  | 'actionsTake'
  | 'effects'
  | 'busy'
  | 'verdict'
  | 'session'
>

export const suiteOf = (file: string): string => basename(file).replace(/\.suite\.ts$/, '')

function lacking({ toxics = [], ...minima }: Needs): string | undefined {
  const { fronted, plan } = context().session
  const { sizes } = plan
  if (fronted && toxics.length > 0) return 'has toxics of its own, which a real Toxiproxy does not know'
  const short = NODE_KINDS.filter((kind) => sizes[kind] < (minima[kind] ?? 0))
  return short.length === 0
    ? undefined
    : `needs ${short.map((kind) => `${minima[kind]} ${kind}s`).join(' and ')}`
}

/** Every `it` of a test's file, over all of its `describe`s. */
function testsOfFile(test: Mocha.Test): Mocha.Test[] {
  let root = test.parent
  while (root?.parent !== undefined) root = root.parent
  const found: Mocha.Test[] = []
  root?.eachTest((one: Mocha.Test) => {
    if (one.file === test.file) found.push(one)
  })
  return found
}

/** What is known of a promise before it begins. */
export function outcomeOf(test: Mocha.Test, repeat: number): PromiseOutcome {
  const { file = 'unknown.suite.ts' } = test
  const suite = suiteOf(file)
  const ordinal = testsOfFile(test).indexOf(test) + 1
  // `rabbitmq-down/1`, and `rabbitmq-down/1@2` in the second repetition.
  const scenario = `${suite}/${ordinal}${repeat > 1 ? `@${repeat}` : ''}`
  return {
    scenario,
    suite,
    file,
    story: test.parent?.title ?? '',
    promise: test.title,
    repeat,
    durationMs: 0,
    notes: [],
  }
}

async function begin(outcome: PromiseOutcome, { toxics = [] }: Needs): Promise<Run> {
  const { session } = context()
  session.learn(toxics)
  outcome.notes.push(...(await cleanState(session)))
  const { scenario, suite, promise } = outcome
  session.record({ kind: 'scenario.begun', scenario, suite, promise })
  const run = new Run(session, scenario)
  await run.begin()
  return run
}

async function end(run: Run, outcome: PromiseOutcome): Promise<void> {
  if (run.judged !== undefined) {
    outcome.verdict = run.judged
    const gap = gapOf(run.judged)
    if (gap !== undefined) outcome.gap = gap
  }
  await run.end()
  run.session.record({ kind: 'scenario.ended', scenario: outcome.scenario })
}

/** Tells whether the function of a test, which is still to be called, has ended by itself. */
function watchBody(test: Mocha.Test): () => boolean {
  const fn = test.fn as ((this: Mocha.Context, ...args: unknown[]) => unknown) | undefined
  let over = false
  const watched = async (result: unknown) => {
    try {
      await result
    } catch {
      // Mocha has it.
    }
    over = true
  }
  test.fn = function body(this: Mocha.Context, ...args: unknown[]) {
    Object.assign(test, { fn })
    let result: unknown
    try {
      result = fn?.apply(this, args)
    } finally {
      void watched(result)
    }
    return result
  } as Mocha.Func
  return () => over
}

/**
 * Waits for the function of a test that mocha has given up, for its time or for an error beside it: it goes on, and
 * must not reach the next promise.
 */
async function untilOver(over: () => boolean): Promise<void> {
  const { signal } = context().session.plan
  await poll(() => over() || undefined, {
    what: 'a promise that was given up ends by itself',
    deadlineMs: STRAY_LIMIT_MS,
    ...(signal ? { signal } : {}),
  })
}

/**
 * Makes the promises of a `describe` run on the gate's cluster: each begins on a clean one and leaves nothing on.
 * To be called in the body of the `describe`.
 */
export function scenario(needs: Needs = {}): SuiteRun {
  let run: Run | undefined
  let outcome: PromiseOutcome | undefined
  let begunAt = 0
  let bodyOver: (() => boolean) | undefined

  beforeEach(async function beginPromise() {
    this.timeout(PROMISE_LIMIT_MS)
    const test = this.currentTest
    if (test === undefined) throw new HarnessError('mocha names no test')
    test.timeout(PROMISE_LIMIT_MS)
    outcome = outcomeOf(test, context().repeat)
    begunAt = monotonicMs()
    const short = lacking(needs)
    if (short !== undefined) {
      outcome.notApplicable = short
      this.skip()
    }
    try {
      run = await begin(outcome, needs)
      bodyOver = watchBody(test)
    } catch (error) {
      outcome.error = error
      throw error
    }
  })

  afterEach(async function endPromise() {
    this.timeout(PROMISE_LIMIT_MS)
    if (outcome === undefined) return
    const [ended, told, body] = [run, outcome, bodyOver]
    bodyOver = undefined
    told.error ??= this.currentTest?.err
    const { currentTest } = this
    if (told.notApplicable === undefined && currentTest?.isPending()) told.skipped = 'it skipped itself'
    // Only a test that mocha saw pass may count as kept, whatever else is known of it.
    else if (told.notApplicable === undefined && currentTest?.state !== 'passed')
      told.error ??= new HarnessError(`mocha says neither that the promise passed nor why it failed`)
    try {
      if (body !== undefined) await untilOver(body)
    } catch (error) {
      told.error ??= error
    }
    try {
      if (ended !== undefined) await end(ended, told)
    } catch (error) {
      // A tear-down's trouble never replaces the root cause.
      told.error ??= error
    }
    run = undefined
    outcome = undefined
    told.durationMs = monotonicMs() - begunAt
    context().report(told)
  })

  const running = (): Run => {
    if (run === undefined) throw new UsageError('a run can be used only inside an `it`')
    return run
  }
  return {
    get session() {
      return running().session
    },
    start: (...args) => running().start(...args),
    links: (...args) => running().links(...args),
    link: (...args) => running().link(...args),
    kill: (...args) => running().kill(...args),
    hold: (...args) => running().hold(...args),
    release: () => running().release(),
    actionsTake: (...args) => running().actionsTake(...args),
    effects: (...args) => running().effects(...args),
    busy: (...args) => running().busy(...args),
    verdict: (...args) => running().verdict(...args),
  }
}
