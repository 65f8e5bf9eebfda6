import { expect } from 'chai'
import * as fc from 'fast-check'
import { cut, cuts } from '../../../wire/amqp/trace.helper.ts'
import { either, hasAny } from './head.ts'

const text = (most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: most }).map((all) => Buffer.from(all))

describe('a text that a body must have', () => {
  it('is found wherever the body is cut', () => {
    fc.assert(
      fc.property(text(40), text(6), cuts, (body, wanted, lengths) => {
        const pieces = cut(body, lengths)
        expect(hasAny(pieces, [wanted])).to.equal(body.includes(wanted))
      }),
      { numRuns: 1000 },
    )
  })

  it('is found in pieces that are shorter than itself, and empty ones', () => {
    const pieces = Array.from('run_action', (letter) => [Buffer.from(letter), Buffer.alloc(0)]).flat()
    expect(hasAny(pieces, [Buffer.from('_act')])).to.equal(true)
    expect(hasAny(pieces, [Buffer.from('act_')])).to.equal(false)
    expect(hasAny([], [Buffer.from('a')])).to.equal(false)
  })

  it('is one of those that two toxics ask for; who asks for a message is shown all', () => {
    const [one, other] = [[Buffer.from('one')], [Buffer.from('other')]]
    expect(either(one, other)).to.deep.equal([...one, ...other])
    expect(either(undefined, other)).to.equal(other)
    expect(either(one, undefined)).to.equal(one)
    expect(either(one, 'message')).to.equal('message')
    expect(either(undefined, undefined)).to.equal(undefined)
  })
})
