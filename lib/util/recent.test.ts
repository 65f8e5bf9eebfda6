import { expect } from 'chai'
import * as fc from 'fast-check'
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

  it('is so whatever is deleted meanwhile', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete', 'clear'), fc.nat({ max: 9 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const recent = new Recent<number, number>(4)
        let expected: [number, number][] = []
        for (const [index, [what, key]] of steps.entries()) {
          const known = expected.find(([one]) => one === key)
          if (what === 'clear') {
            recent.clear()
            expected = []
          } else if (what === 'delete') {
            recent.delete(key)
            expected = expected.filter((one) => one !== known)
          } else {
            recent.set(key, index)
            if (known) known[1] = index
            else expected = [...expected, [key, index] as [number, number]].slice(-4)
          }
          expect([...recent]).to.deep.equal(expected)
        }
      }),
    )
  })
})
