import { expect } from 'chai'
import * as fc from 'fast-check'
import { Confirms } from './confirms.ts'

/** A channel on which the client has made so many publishes, of which these go on to the broker, in this order. */
function channel(published: number, ...sent: number[]): Confirms {
  const confirms = new Confirms()
  for (let number = 1; number <= published; number += 1) confirms.published()
  for (const number of sent) confirms.sent(number)
  return confirms
}

describe('confirms, in the numbers of the client', () => {
  it("are the broker's as long as all publishes go on as they came", () => {
    const confirms = channel(3, 1, 2, 3)
    expect(confirms.diverged).to.equal(false)
    expect(confirms.confirmed(1, false)).to.deep.equal([1])
    expect(confirms.confirmed(3, true)).to.deep.equal([2, 3])
  })

  it('are others behind one that was lost', () => {
    const confirms = channel(3, 1, 3)
    expect(confirms.diverged).to.equal(true)
    expect(confirms.confirmed(2, false)).to.deep.equal([3])
    expect(confirms.confirmed(2, true)).to.deep.equal([1])
  })

  it('are none of what the client did not publish', () => {
    const confirms = channel(2, 1, 0, 2)
    expect(confirms.confirmed(2, false)).to.deep.equal([])
    expect(confirms.confirmed(3, true)).to.deep.equal([1, 2])
  })

  it('are of those that were overtaken, too', () => {
    const confirms = channel(3, 2, 3, 1)
    expect(confirms.confirmed(2, true)).to.deep.equal([2, 3])
    expect(confirms.confirmed(3, false)).to.deep.equal([1])
  })

  it('are of all for the number 0, and of each once', () => {
    const confirms = channel(3, 1, 2, 3)
    expect(confirms.confirmed(2, false)).to.deep.equal([2])
    expect(confirms.confirmed(0, true)).to.deep.equal([1, 3])
    expect(confirms.confirmed(0, true)).to.deep.equal([])
  })

  it('name each publish that went on exactly once, whatever became of the others, however they are confirmed', () => {
    const fates = fc.array(fc.constantFrom('sent', 'lost', 'doubled'), { maxLength: 30 })
    const answers = fc.array(fc.record({ tag: fc.nat(40), multiple: fc.boolean() }), { maxLength: 30 })
    fc.assert(
      fc.property(fates, answers, (all, order) => {
        const confirms = new Confirms()
        const went: number[] = []
        for (const fate of all) {
          const number = confirms.published()
          if (fate === 'lost') continue
          confirms.sent(number)
          went.push(number)
          if (fate === 'doubled') confirms.sent(0)
        }
        const told = [...order, { tag: 0, multiple: true }].flatMap(({ tag, multiple }) =>
          confirms.confirmed(tag, multiple),
        )
        expect(told.toSorted((a, b) => a - b)).to.deep.equal(went)
      }),
    )
  })
})
