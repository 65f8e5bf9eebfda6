import { expect } from 'chai'
import { Recent } from './recent.ts'

describe('what is recent', () => {
  it('is what was set last', () => {
    const forgotten: string[] = []
    const recent = new Recent<string, number>(2, (key) => forgotten.push(key))
    recent.set('a', 1).set('b', 2).set('a', 3).set('c', 4)
    expect([...recent]).to.deep.equal([
      ['b', 2],
      ['c', 4],
    ])
    expect(forgotten).to.deep.equal(['a'])
  })
})
