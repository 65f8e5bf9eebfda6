import { join } from 'node:path'
import { expect } from 'chai'
import type { PromiseResult, ReportDocument, Status } from '../../report/document.ts'
import { documentOf, layHome, runCli, type Ended, type Home } from '../gate.helper.ts'

/** What a planted promise must come to. */
interface Expected {
  promise: string
  status: Status
  /** Each reason against it: `word: text`. */
  reasons?: RegExp[]
  /** What the report says why, where that is not the verdict's reasons. */
  error?: RegExp
}

const ID = '[0-9a-f-]{36}'
const SKIPPED = /^its suite skips it, or it is not written yet$/
const NO_FAULT = /^fault: no fault was set, and the suite is not one without faults$/

const EXPECTED: Record<string, Expected[]> = {
  'proves-nothing': [
    { promise: 'has no fault', status: 'unknown', reasons: [NO_FAULT] },
    {
      promise: 'delays a link that carries nothing',
      status: 'unknown',
      reasons: [
        /^fault: f\d+ \(latency .*\) proved nothing: link api-1.postgres: nothing was delayed, dropped or cut$/,
      ],
    },
    {
      promise: 'makes a black hole of a link that carries nothing',
      status: 'unknown',
      reasons: [/^fault: f\d+ \(timeout .*\) proved nothing: link api-1.postgres: nothing was swallowed$/],
    },
    {
      promise: 'strikes when all work is done',
      status: 'unknown',
      reasons: [
        /^fault: f\d+ \(reset .*\) proved nothing: no judged execution was under way, with work owed, from its start to its end$/,
      ],
    },
    {
      promise: 'kills an executor that has nothing to do',
      status: 'unknown',
      reasons: [/^fault: f\d+ \(SIGKILL .*\) proved nothing: node executor-[12] had no work in hand$/],
    },
  ],
  messages: [
    {
      promise: 'is told of an action that ran twice',
      status: 'broken',
      reasons: [
        // The item, and its message.
        new RegExp(`^duplicated: .*one attempt of task t1 of execution ${ID} ran 2 times \\(and 1 more\\)$`),
        // The copies were published past every link.
        /^evidence: run_action .*: it was delivered 3 times and published 1 times \(/,
      ],
    },
    {
      promise: 'is told of an action that never ran',
      status: 'broken',
      reasons: [
        new RegExp(`^lost: .*task ${ID}/t[12] was owed and ran 0 times \\(and 1 more\\)$`),
        new RegExp(`^failed: .*execution ${ID} \\(cw_parallel_2_effect_r0\\) is ERROR$`),
      ],
    },
  ],
  waits: [
    {
      promise: 'is told of an action that nobody completes and of a workflow that somebody has paused',
      status: 'broken',
      reasons: [
        /^waiting: .*is RUNNING: asynchronous action std.async_noop .* of task t1 is RUNNING \(and 1 more\)$/,
      ],
    },
  ],
  'not-kept': [
    {
      promise: 'asserts something without a verdict',
      status: 'unknown',
      error: /^expected 'this' to equal 'that'$/,
    },
    { promise: 'throws', status: 'harness', error: /^a plain error$/ },
    { promise: 'throws what is no error', status: 'harness', error: /a string/ },
    {
      promise: 'mistypes an attribute of a toxic',
      status: 'harness',
      error: /^latency has no latncy; nearest: latency, jitter$/,
    },
    { promise: 'asks for no verdict', status: 'unknown', error: /^the promise asked for no verdict$/ },
    {
      promise: 'asks for a verdict that is invalid and does not look at it',
      status: 'broken',
      reasons: [/^failed: .*is SUCCESS$/],
      error: /^the promise did not look at its verdict, which is invalid: failed: /,
    },
    {
      promise: 'asks for a verdict that is unknown and does not look at it',
      status: 'unknown',
      reasons: [NO_FAULT],
      error: /^the promise did not look at its verdict, which is unknown: no fault was set/,
    },
    {
      promise: 'asserts something else after a valid verdict',
      status: 'broken',
      reasons: [],
      error: /^expected 'this' to equal 'that'$/,
    },
    { promise: 'throws after a valid verdict', status: 'harness', reasons: [], error: /^a plain error$/ },
    { promise: 'forgets a promise that fails', status: 'harness', error: /^nobody waits for it$/ },
    { promise: 'throws in a timer', status: 'harness', error: /^out of a timer$/ },
    { promise: 'takes longer than it allows itself', status: 'harness', error: /^Timeout of 20ms exceeded/ },
    {
      promise: 'skips itself when it sees how it ends',
      status: 'skipped',
      reasons: [],
      error: /^it skipped itself$/,
    },
    {
      promise: 'asks to be tried again',
      status: 'harness',
      error:
        /not-kept.suite.ts: "A test is wrong asks to be tried again" asks for retries: a promise is never/,
    },
    { promise: 'is skipped', status: 'skipped', error: SKIPPED },
    { promise: 'is not written yet', status: 'skipped', error: SKIPPED },
    { promise: 'is kept but for the hook', status: 'kept', reasons: [] },
    { promise: 'is kept', status: 'kept', reasons: [] },
  ],
  gaps: [
    { promise: 'breaks as known', status: 'kept', reasons: [/^failed: .*is SUCCESS$/] },
    {
      promise: 'breaks otherwise',
      status: 'broken',
      reasons: [/^failed: .*is SUCCESS$/],
      error: /^not the known gap "it ends well"\n {2}it does not foretell: .*is SUCCESS\n/,
    },
    {
      promise: 'has closed',
      status: 'broken',
      reasons: [],
      error: /^the known gap "it ends well" has closed: remove it from the suite$/,
    },
  ],
  'never-strikes': [
    {
      promise: 'waits for a call that there is not',
      status: 'unknown',
      reasons: [/^fault: f\d+ \(amqp_drop call=run_acton .*\) proved nothing: it never fired$/],
    },
    {
      promise: 'waits for a statement that is never said',
      status: 'unknown',
      reasons: [/^fault: f\d+ \(pg_error query=.COMMIT PREPARED .*\) proved nothing: it never fired$/],
    },
    {
      promise: 'asserts that it has struck',
      status: 'unknown',
      error: /^f\d+ \(amqp_drop call=run_action .*nth=99.*\) strikes a message: not within 3/,
    },
    {
      promise: 'names a link that there is not',
      status: 'harness',
      error: /^unknown link "executer-\*\.rabbitmq"; nearest: /,
    },
    {
      promise: 'kills one of several nodes',
      status: 'harness',
      error: /^which node is struck\? The links are those of .*: name one$/,
    },
    {
      promise: 'asks for less than the first message',
      status: 'harness',
      error: /nth of amqp_drop must be a whole number .*from 1.*, not 0/,
    },
    {
      promise: 'cannot do what hangs on it, and leaves nothing on',
      status: 'harness',
      error: /^it was not done$/,
    },
    { promise: 'is kept after all of them', status: 'kept', reasons: [] },
  ],
  'needs-more': [
    { promise: 'is never run on fewer', status: 'not applicable', error: /^needs 9 executors$/ },
  ],
}

const HARNESS_ERRORS = [
  /^A hook of the suite fails: "after each" hook.* failed: it left something$/,
  /^A last hook of the suite fails: "after all" hook.* failed: they left something$/,
  /^1 promise was not run: A suite forgets to say that it needs a cluster proves nothing$/,
]

const reasonsOf = ({ verdict }: PromiseResult): string[] =>
  (verdict?.reasons ?? []).map(({ word, text }) => `${word}: ${text}`)

const idsOfReasons = ({ promises }: ReportDocument, promise: string): string[][] | undefined =>
  promises.find((one) => one.promise === promise)?.verdict?.reasons.map(({ ids }) => ids)

type Answer = Pick<ReportDocument, 'promises' | 'harnessErrors' | 'exitCode'>

/** What a gate, or whoever judges its run again, says in the end. */
const answerOf = ({ promises, harnessErrors, exitCode }: Answer) => ({
  promises: promises.map((promise) => ({
    scenario: promise.scenario,
    status: promise.status,
    gap: promise.gap,
    error: promise.error,
    reasons: reasonsOf(promise),
  })),
  harnessErrors,
  exitCode,
})

/** Lengths first, so that nothing may be there that nobody expects. */
function expectEach(texts: readonly string[], expected: readonly RegExp[]): void {
  expect(texts, texts.join('\n')).to.have.lengthOf(expected.length)
  for (const [n, pattern] of expected.entries()) expect(texts[n]).to.match(pattern)
}

describe('planted negatives, as the gate tells them', () => {
  let home: Home
  let ended: Ended
  let report: ReportDocument

  before(async function runThemAll() {
    // It takes a minute and a half on a machine that has nothing else to do.
    this.timeout(400_000)
    home = layHome()
    const files = Object.keys(EXPECTED).map((suite) => join(import.meta.dirname, `${suite}.suite.ts`))
    ended = await runCli(['gate', ...files, '--json', '--engines', '1'], home)
    report = documentOf(ended)
  })

  after(() => home[Symbol.dispose]())

  for (const [suite, expected] of Object.entries(EXPECTED)) {
    it(`${suite}: each promise has its status and its reasons`, () => {
      const found = report.promises.filter((promise) => promise.suite === suite)
      expect(found.map(({ promise, status }) => ({ promise, status }))).to.deep.equal(
        expected.map(({ promise, status }) => ({ promise, status })),
      )
      for (const [n, { reasons, error }] of expected.entries()) {
        const promise = found[n]
        if (promise === undefined) throw new Error('it was found a moment ago')
        if (reasons !== undefined) expectEach(reasonsOf(promise), reasons)
        if (error !== undefined) expect(promise.error).to.match(error)
      }
    })
  }

  it('names the attempt, the item and the actions that the verdicts are about', () => {
    expect(idsOfReasons(report, 'is told of an action that ran twice')?.[0]?.[0]).to.match(
      new RegExp(`^${ID}$`),
    )
    expect(idsOfReasons(report, 'is told of an action that never ran')?.[0]?.[0]).to.match(
      new RegExp(`^${ID}/t[12]$`),
    )
    const waiting = idsOfReasons(
      report,
      'is told of an action that nobody completes and of a workflow that somebody has paused',
    )
    expect(waiting?.[0]).to.have.lengthOf(2)
  })

  it('tells of no recovery from what struck nobody', () => {
    const faults = report.promises
      .filter(({ suite }) => suite === 'proves-nothing')
      .flatMap(({ verdict }) => verdict?.faults ?? [])
    expect(faults.map(({ recovery }) => recovery)).to.deep.equal([null, null, null, null])
  })

  it('says that something waits for ever long before the deadline', () => {
    const waits = report.promises.find(({ suite }) => suite === 'waits')
    expect(waits?.durationMs).to.be.below(40_000)
  })

  it('tells what failed beside the promises, and which were not run', () => {
    expectEach(report.harnessErrors, HARNESS_ERRORS)
  })

  it('shows as kept only what it calls kept', () => {
    const kept = report.promises.filter(({ status }) => status === 'kept').length
    expect(ended.stderr.match(/^ {2}✓ (is kept|breaks as known)/gm)).to.have.lengthOf(kept)
    expect(ended.stderr).to.match(/^4 passed, 33 failed, 4 skipped$/m)
    expect(ended.stderr).to.match(/^Verdict: invalid: 7 broken, 11 unknown, 3 skipped, 15 harness errors$/m)
  })

  it('is judged again from its journal alone as the gate judged it', async () => {
    const again = await runCli(['verdict', `runs/${report.run}`, '--json'], home)
    const judged = JSON.parse(again.stdout) as Answer
    expect(answerOf(judged)).to.deep.equal(answerOf(report))
    expect(again.code).to.equal(ended.code)
  })

  it('exits with 1, since something was proven broken, and leaves nothing', () => {
    expect({ code: ended.code, told: report.exitCode }).to.deep.equal({ code: 1, told: 1 })
    expect(home.clusterFolders()).to.deep.equal([])
  })
})
