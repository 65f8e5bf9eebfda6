import { expect, AssertionError } from 'chai'
import type { PromiseOutcome } from '../../scenario/context.ts'
import type { Verdict } from '../../ledger/verdict-document.ts'
import { resultOf } from './results.ts'

const verdict = (outcome: Verdict['outcome']): Verdict =>
  ({ outcome, reasons: [{ text: 'it is so' }] }) as unknown as Verdict

function told(over: Partial<PromiseOutcome>): string {
  const outcome: PromiseOutcome = {
    scenario: 'x/1',
    suite: 'x',
    file: 'x.suite.ts',
    story: 'Something is broken',
    promise: 'holds',
    repeat: 1,
    durationMs: 1,
    notes: [],
    ...over,
  }
  const { status, error } = resultOf(outcome, [])
  return error === undefined ? status : `${status}: ${error}`
}

const valid = verdict('valid')
const invalid = verdict('invalid')
const gap = { name: 'g', state: 'open', text: 't' } as const
const skipped = 'it skipped itself'

describe('what a promise came to', () => {
  it('is kept only with a verdict that is valid, or broken as known', () => {
    expect(told({ verdict: valid })).to.equal('kept')
    expect(told({ verdict: invalid, gap })).to.equal('kept')
    expect(told({})).to.equal('unknown: the promise asked for no verdict')
    expect(told({ verdict: invalid })).to.match(/^broken: the promise did not look at its verdict/)
    expect(told({ verdict: verdict('unknown') })).to.match(/^unknown: the promise did not look/)
  })

  it('is not kept where the test failed, whatever the verdict', () => {
    expect(told({ verdict: valid, error: new AssertionError('no') })).to.equal('broken: no')
    expect(told({ verdict: valid, error: new Error('oh') })).to.equal('harness: oh')
  })

  it('is skipped or not applicable where it did not run', () => {
    expect(told({ notApplicable: 'needs 2 engines' })).to.equal('not applicable: needs 2 engines')
    expect(told({ skipped })).to.equal('skipped: it skipped itself')
  })

  it('is never kept where it skipped itself, and broken if that was proven by then', () => {
    expect(told({ verdict: valid, skipped })).to.equal('skipped: it skipped itself')
    expect(told({ verdict: valid, gap, skipped })).to.equal('skipped: it skipped itself')
    expect(told({ verdict: invalid, skipped })).to.match(/^broken: /)
    expect(told({ verdict: invalid, gap, skipped })).to.match(/^broken: /)
    expect(told({ skipped, error: new Error('oh') })).to.equal('harness: oh')
  })
})
