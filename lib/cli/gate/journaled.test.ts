import { AssertionError, expect } from 'chai'
import type { Entry, Fact, RunEnded } from '../../ledger/entries.ts'
import type { PromiseEnded } from '../../ledger/promise-entries.ts'
import { renumbered } from '../../ledger/judging.helper.ts'
import * as story from '../../ledger/story.helper.ts'
import { judge } from '../../ledger/verdict.ts'
import type { PromiseOutcome } from '../../scenario/context.ts'
import type { KnownGap } from '../../scenario/gaps.ts'
import { gapExpected } from '../../scenario/journaled-gap.ts'
import { judgeRun, promiseEnded } from './journaled.ts'
import { resultOf } from './results.ts'

const GAP: KnownGap = {
  name: 'it ends well',
  because: 'it does',
  breaks: [{ word: 'failed', text: /is SUCCESS$/ }],
  rpc: ['oslo'],
  mistral: [15],
  seen: 'forced',
}

const outcome = (over: Partial<PromiseOutcome> = {}): PromiseOutcome => ({
  scenario: 's/1',
  suite: 's',
  promise: 'finishes every workflow',
  file: '',
  story: '',
  repeat: 1,
  durationMs: 0,
  notes: [],
  ...over,
})

/** A run of one promise: both effects came, and then this was journaled. */
function journal({
  asked = {},
  gap,
  ended,
  run = {},
}: {
  asked?: Parameters<typeof story.asked>[0]
  gap?: KnownGap
  ended: PromiseEnded | undefined
  run?: Partial<RunEnded> | undefined
}): Entry[] {
  const rest = story.rest(story.doneRows('e1'), { asked })
  const facts: Fact[] = [
    ...(gap ? [gapExpected('s/1', gap)] : []),
    story.ended(),
    ...(ended ? [ended] : []),
    { kind: 'run.ended', exitCode: 0, ...run },
  ]
  return story.scenario(
    [100, story.effect('e1', 't1')],
    [200, story.effect('e1', 't2')],
    ...rest.slice(0, -1),
    ...facts.map((fact): story.Story[number] => [50_000, fact]),
  )
}

const EXPECTING_ERROR = { expect: 'ERROR' } as const

/** What follows from a journal: its promises' states, and the exit code. */
const told = (entries: Entry[], broken?: string): string => {
  const { promises, exitCode } = judgeRun(entries, broken)
  return [...promises.map(({ status, gap }) => (gap ? `${status} (${gap.state})` : status)), exitCode].join()
}

describe('a run that is judged again from its journal', () => {
  const ended = promiseEnded(outcome())

  it('is valid, invalid or unknown as its verdict is', () => {
    expect(told(journal({ ended }))).to.equal('kept,0')
    expect(told(journal({ ended, asked: EXPECTING_ERROR }))).to.equal('broken,1')
    expect(told(journal({ ended, asked: { faultless: false } }))).to.equal('unknown,2')
  })

  it('knows the gap that its suite held the verdict against', () => {
    expect(told(journal({ ended, gap: GAP, asked: EXPECTING_ERROR }))).to.equal('kept (open),0')
    expect(told(journal({ ended, gap: { ...GAP, seen: '2 of 9' } }))).to.equal('kept (may break),0')
    const another = { ...GAP, breaks: [{ word: 'failed', text: /is CANCELLED$/ } as const] }
    expect(told(journal({ ended, gap: another, asked: EXPECTING_ERROR }))).to.equal('broken,1')
    const closed = promiseEnded(outcome({ error: new AssertionError('has closed') }))
    expect(told(journal({ ended: closed, gap: GAP }))).to.equal('broken (closed),1')
  })

  it('knows what its gate knew beside the verdicts', () => {
    const cases: Partial<PromiseOutcome>[] = [
      {},
      { error: new AssertionError('this is not that') },
      { error: new Error('oh') },
      { skipped: 'it skipped itself' },
    ]
    for (const one of cases) {
      const entries = journal({ ended: promiseEnded(outcome(one)) })
      const { status, error } = resultOf(outcome({ ...one, verdict: judge(entries, 's/1') }), [])
      const [again] = judgeRun(entries).promises
      expect([again?.status, again?.error]).to.deep.equal([status, error])
    }
    const never = promiseEnded(outcome({ scenario: 's/2', notApplicable: 'needs 9 executors' }))
    expect(
      told([
        ...story.journalOf([
          [0, never],
          [1, { kind: 'run.ended', exitCode: 2 }],
        ]),
      ]),
    ).to.equal('not applicable,2')
  })

  it('knows what broke beside the promises, and that it was interrupted', () => {
    const run = { harnessErrors: ['a hook failed'] }
    expect(judgeRun(journal({ ended, run }))).to.deep.include({ exitCode: 2, ...run })
    expect(told(journal({ ended, run: { interrupted: true } }))).to.equal('kept,130')
  })

  it('is unknown where its journal is broken, or ends before the run did', () => {
    const whole = journal({ ended })
    expect(told(whole, 'line 7: torn')).to.equal('kept,2')
    expect(told(whole.slice(0, -1))).to.equal('kept,2')
    expect(told(whole.slice(0, -2))).to.equal('kept,2')
    expect(told([])).to.equal('2')
  })

  it('does not excuse a verdict by what an earlier one was held against', () => {
    const entries = journal({ ended, gap: GAP, asked: EXPECTING_ERROR })
    const judged = entries.filter(({ kind }) => kind === 'judged')
    expect(told(renumbered([...entries.slice(0, -3), ...judged, ...entries.slice(-3)]))).to.equal('broken,1')
  })
})
