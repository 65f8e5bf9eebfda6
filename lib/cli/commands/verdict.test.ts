import { expect } from 'chai'
import type { Outcome, Verdict } from '../../ledger/verdict-document.ts'
import { outcomeOf } from './verdict.ts'

const verdicts = (...outcomes: Outcome[]): Verdict[] => outcomes.map((outcome) => ({ outcome }) as Verdict)

describe('the outcome of a run that is judged again', () => {
  it('is the gravest of its promises', () => {
    expect(outcomeOf(verdicts('valid', 'valid'), undefined)).to.equal('valid')
    expect(outcomeOf(verdicts('valid', 'unknown'), undefined)).to.equal('unknown')
    expect(outcomeOf(verdicts('unknown', 'invalid', 'valid'), undefined)).to.equal('invalid')
  })

  it('is unknown where the journal is broken or judges nothing', () => {
    expect(outcomeOf([], undefined)).to.equal('unknown')
    expect(outcomeOf(verdicts('valid'), 'line 7: torn')).to.equal('unknown')
  })
})
