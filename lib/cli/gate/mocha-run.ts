import Mocha from 'mocha'
import { enterContext, type PromiseOutcome } from '../../scenario/context.ts'
import { outcomeOf } from '../../scenario/scenario.ts'
import type { Session } from '../../scenario/session.ts'
import { messageOf, UsageError } from '../../util/errors.ts'

export interface SuitesPlan {
  session: Session
  mocha: Mocha
  repeat: number
  /** A story begins: its `describe`'s title. */
  onStory: (story: string) => void
  /** A promise has begun: its `it`'s title. */
  onBegin: (promise: string) => void
  /** A promise has ended. */
  onOutcome: (outcome: PromiseOutcome) => void
  /** A hook of a suite failed, which is no promise's own failure. */
  onHookFailed: (text: string) => void
  signal: AbortSignal
}

/** Says nothing: what there is to say comes from the promises themselves. */
// oxlint-disable-next-line typescript/no-extraneous-class -- mocha wants a class.
class SilentReporter {}

/**
 * Loads the suites' files.
 * @param bail Nothing runs after the first promise that fails.
 * @throws {UsageError} with what a file throws while it is loaded, and where; for a promise that asks for retries;
 * for suites or a filter that select nothing.
 */
export async function loadSuites(
  files: readonly string[],
  grep: string | undefined,
  bail = false,
): Promise<Mocha> {
  const mocha = new Mocha({
    reporter: SilentReporter as unknown as Mocha.ReporterConstructor,
    forbidOnly: true,
    failHookAffectedTests: true,
    bail,
    retries: 0,
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  } as Mocha.MochaOptions)
  // Kept, so that the same suites can run again.
  mocha.cleanReferencesAfterRun(false)
  for (const file of files) mocha.addFile(file)
  try {
    await mocha.loadFilesAsync()
  } catch (error) {
    throw new UsageError(`cannot load ${placeIn(files, error)}: ${messageOf(error)}`, { cause: error })
  }
  mocha.suite.eachTest(refuseRetries)
  if (testsOf(mocha).length === 0) throw new UsageError(nothingSelected(files, grep))
  return mocha
}

function nothingSelected(files: readonly string[], grep: string | undefined): string {
  if (grep === undefined) return `there is no promise in ${files.join(', ')}`
  return `no promise matches --grep ${grep}; --list shows them all`
}

/** mocha cannot tell `it.skip` from an `it` without a function. */
const SKIPPED = 'its suite skips it, or it is not written yet'

/** A promise that holds at the second try was broken at the first: no suite may ask for one, now or while it runs. */
function refuseRetries(test: Mocha.Test): void {
  const refuse = () => {
    throw new UsageError(
      `${test.file}: "${test.fullTitle()}" asks for retries: a promise is never tried again, since that would hide that it was broken; use --repeat to see how often it holds`,
    )
  }
  if (test.retries() > 0 || Number(test.parent?.retries()) > 0) refuse()
  test.retries = (count?: number) => (count === undefined ? 0 : refuse())
}

/** The place in one of the files that an error's stack names first: `FILE:LINE:COLUMN`. */
function placeIn(files: readonly string[], error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const places = stack.match(/[^\s()]+?\.ts(:\d+)+/g) ?? []
  const place = places.find((one) => files.some((file) => one.includes(file)))
  return place?.replace(/^file:\/\//, '') ?? files.join(', ')
}

/** Every `it` of the loaded suites that the filter lets through. */
export function testsOf(mocha: Mocha): Mocha.Test[] {
  const found: Mocha.Test[] = []
  mocha.suite.eachTest((test: Mocha.Test) => found.push(test))
  const { grep } = mocha.options as { grep?: RegExp }
  return grep === undefined ? found : found.filter((test) => grep.test(test.fullTitle()))
}

/** Titles of the promises that should have run `repeat` times and have not: none may go missing unseen. */
export function notRun(
  mocha: Mocha,
  repeat: number,
  ran: readonly { story: string; promise: string }[],
): string[] {
  const left = ran.map(({ story, promise }) => `${story} ${promise}`)
  const expected = testsOf(mocha).flatMap((test) =>
    Array.from({ length: repeat }, () => `${test.parent?.title} ${test.title}`),
  )
  return expected.filter((title) => {
    const at = left.indexOf(title)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

/** Runs the promises `repeat` times, until the run is aborted or the harness breaks. */
export async function runSuites(plan: SuitesPlan): Promise<void> {
  for (let repeat = 1; repeat <= plan.repeat; repeat += 1) {
    if (plan.signal.aborted || plan.session.broken() !== undefined) return
    const failures = await runOnce(plan, repeat)
    if (failures > 0 && plan.mocha.options.bail) return
  }
}

/** Mocha alone lets a rejection pass that nobody handles; an exception fails the promise that runs. */
function unhandled(reason: unknown): never {
  throw reason
}

/** @returns How many failed. */
function runOnce(plan: SuitesPlan, repeat: number): Promise<number> {
  const { session, mocha, onStory, onBegin, onOutcome, signal } = plan
  const failedHooks = new Map<Error, string>()
  const report = (outcome: PromiseOutcome) => {
    // What kept a promise from beginning is told with the promise.
    if (outcome.error instanceof Error) failedHooks.delete(outcome.error)
    onOutcome(outcome)
  }
  enterContext({ session, repeat, report })
  process.on('unhandledRejection', unhandled)
  return new Promise((resolve) => {
    const runner = mocha.run((failures) => {
      process.off('unhandledRejection', unhandled)
      signal.removeEventListener('abort', abort)
      // One that the interruption broke off says nothing.
      for (const [error, hook] of signal.aborted ? [] : failedHooks)
        plan.onHookFailed(`${hook} failed: ${messageOf(error)}`)
      resolve(failures)
    })
    const abort = () => void runner.abort()
    signal.addEventListener('abort', abort)
    // Where the promise's own hook, which runs after this, looks for it.
    runner.on('fail', (test: Mocha.Test | Mocha.Hook, error: Error) => {
      if (test.type === 'test') test.err = error
      else failedHooks.set(error, `${test.parent?.title}: ${test.title}`)
    })
    const begun = new Set<Mocha.Test>()
    runner.on('test', (test: Mocha.Test) => {
      begun.add(test)
      onBegin(test.title)
    })
    // One that has begun and skips itself is told by its own hook; the others have none.
    runner.on('pending', (test: Mocha.Test) => {
      if (!begun.has(test)) onOutcome({ ...outcomeOf(test, repeat), skipped: SKIPPED })
    })
    runner.on('suite', (suite: Mocha.Suite) => {
      if (suite.tests.length > 0) onStory(suite.title)
    })
  })
}
