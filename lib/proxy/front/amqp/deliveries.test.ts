import { expect } from 'chai'
import { Deliveries, FIRST_COPY } from './deliveries.ts'

/** A channel to which these have been delivered. */
function channel(...tags: number[]): Deliveries {
  const deliveries = new Deliveries()
  for (const tag of tags) deliveries.delivered(tag)
  return deliveries
}

describe('what a client settles, in the terms of the broker', () => {
  it('is the very same where the client has all that the broker sent', () => {
    const deliveries = channel(1, 2, 3)
    expect(deliveries.settled(1, false)).to.equal(undefined)
    expect(deliveries.settled(3, true)).to.equal(undefined)
    expect(deliveries.isPlain).to.equal(true)
  })

  it('is one by one what the client has seen, where something was withheld', () => {
    const deliveries = channel(1, 2)
    deliveries.withheld(3)
    deliveries.delivered(4)
    expect(deliveries.isPlain).to.equal(false)
    expect(deliveries.settled(4, true)).to.deep.equal([1, 2, 4])
    expect(deliveries.settled(4, true)).to.deep.equal([])
  })

  it('is the very same again once what was withheld has been delivered, or answered', () => {
    const deliveries = channel(1)
    deliveries.withheld(2)
    deliveries.withheld(3)
    deliveries.delivered(3)
    deliveries.answered(2)
    expect(deliveries.isPlain).to.equal(true)
    expect(deliveries.settled(0, true)).to.equal(undefined)
  })

  it('is nothing for a copy alone, and what came before it for all up to it', () => {
    const deliveries = channel(1, 2)
    const copy = deliveries.copied()
    deliveries.delivered(3)
    const other = deliveries.copied()
    expect(copy).to.be.greaterThan(FIRST_COPY)
    expect(deliveries.settled(copy, false)).to.deep.equal([])
    expect(deliveries.isPlain).to.equal(false)
    deliveries.delivered(4)
    expect(deliveries.settled(other, true)).to.deep.equal([1, 2, 3])
    expect(deliveries.isPlain).to.equal(true)
  })

  it('forgets copies with all that is settled', () => {
    const deliveries = channel(1)
    deliveries.copied()
    deliveries.settled(0, true)
    expect(deliveries.isPlain).to.equal(true)
  })

  it('is told later, or never, where the broker does not hear of it', () => {
    const deliveries = channel(1, 2, 3)
    const covers = deliveries.settledUnheard(2, true)
    expect(covers).to.deep.equal([1, 2])
    expect(deliveries.settled(3, true)).to.deep.equal([3])
    deliveries.heard(covers)
    expect(deliveries.isPlain).to.equal(true)
  })

  it('is nothing the second time, of what came late and was settled before the client had it', () => {
    const deliveries = channel(1, 2)
    deliveries.withheld(3)
    deliveries.delivered(4)
    deliveries.delivered(3)
    expect(deliveries.isPlain).to.equal(false)
    expect(deliveries.settled(4, true)).to.equal(undefined)
    expect(deliveries.settled(3, true)).to.deep.equal([])
    expect(deliveries.isPlain).to.equal(true)
  })

  it('is nothing that the broker has taken back', () => {
    const deliveries = channel(1, 2)
    deliveries.withheld(3)
    deliveries.clear()
    expect(deliveries.covered(0, true)).to.deep.equal([])
    expect(deliveries.isPlain).to.equal(true)
  })
})
