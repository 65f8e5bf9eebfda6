import { expect } from 'chai'
import { addTallies, judge, mochaTally, tallyLine } from './tally.ts'

describe('mochaTally', () => {
  it('reads the closing lines, with colours and without', () => {
    const output = '  a test\n\n  12 passing (3s)\n  1 pending\n  2 failing\n\n  1) a test\n'
    expect(mochaTally(output)).to.deep.equal({ passed: 12, failed: 2, skipped: 1 })
    expect(
      mochaTally('\u001B[92m \u001B[0m\u001B[32m 7 passing\u001B[0m\u001B[90m (8ms)\u001B[0m\n'),
    ).to.deep.equal({
      passed: 7,
      failed: 0,
      skipped: 0,
    })
  })

  it('takes the last ones where a test printed a run of its own', () => {
    expect(mochaTally('  3 passing (1s)\n  3 failing\n  ✔ is red\n\n  5 passing (2m)\n')).to.deep.equal({
      passed: 5,
      failed: 0,
      skipped: 0,
    })
  })

  it('knows no counts where mocha did not come to its end', () => {
    expect(mochaTally('Error: No test files found\n')).to.equal(undefined)
  })
})

describe('judge', () => {
  const counted = { passed: 4, failed: 0, skipped: 1 }

  it('keeps what was counted', () => {
    expect(judge(0, counted)).to.deep.equal(counted)
    expect(judge(2, { ...counted, failed: 2 })).to.deep.equal({ ...counted, failed: 2 })
  })

  it('fails what ended badly without a failed test, and what should have counted and did not', () => {
    expect(judge(null, counted)).to.deep.equal({ ...counted, failed: 1 })
    expect(judge(0, undefined)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 })
  })

  it('counts a part without counts as one', () => {
    expect(judge(0, 'counts itself once').passed).to.equal(1)
    expect(judge(1, 'counts itself once').failed).to.equal(1)
  })
})

describe('tallyLine', () => {
  it('is the sum in one line', () => {
    const one = { passed: 1, failed: 2, skipped: 3 }
    expect(tallyLine(addTallies([one, one]))).to.equal('2 passed, 4 failed, 6 skipped')
  })
})
