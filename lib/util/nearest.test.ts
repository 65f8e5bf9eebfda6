import { expect } from 'chai'
import { UsageError } from './errors.ts'
import { nearest, unknownWord } from './nearest.ts'

describe('the nearest words', () => {
  it('are at most three, the nearest first', () => {
    expect(nearest('latncy', ['noop', 'bandwidth', 'latency', 'timeout'])).to.deep.equal([
      'latency',
      'noop',
      'timeout',
    ])
    expect(nearest('x', [])).to.deep.equal([])
  })

  it('are in the text that refuses a word', () => {
    expect(unknownWord('toxic', 'latncy', ['latency'])).to.be.instanceOf(UsageError)
    expect(unknownWord('toxic', 'latncy', ['latency']).message).to.equal(
      'unknown toxic "latncy"; nearest: latency',
    )
    expect(unknownWord('node', 'x', []).message).to.equal('unknown node "x"; there are none')
  })
})
