import { expect } from 'chai'
import { within } from './within.ts'

describe('within', () => {
  it('gives what the work gives, or the other if that fails or takes too long', async () => {
    expect(await within(1000, Promise.resolve(1), 2)).to.equal(1)
    expect(await within(1000, Promise.reject(new Error('no')), 2)).to.equal(2)
    expect(await within(1, new Promise(() => {}), 2)).to.equal(2)
  })
})
