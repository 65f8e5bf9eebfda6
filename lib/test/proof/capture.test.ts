import { expect } from 'chai'
import { captureLeftOut } from './capture.helper.ts'

describe('what needs a capture', () => {
  const lacks = 'tshark is not installed'

  it('is left out where nothing can be captured, and runs elsewhere', () => {
    expect(captureLeftOut(lacks, undefined)).to.equal(lacks)
    expect(captureLeftOut(undefined, undefined)).to.equal(undefined)
    expect(captureLeftOut(undefined, 'true')).to.equal(undefined)
  })

  it('fails where nothing can be captured in CI', () => {
    expect(() => captureLeftOut(lacks, 'true')).to.throw(/^CI needs it: tshark is not installed$/)
  })
})
