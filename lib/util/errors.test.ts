import { expect } from 'chai'
import { messageOf } from './errors.ts'

const fail = () => {
  throw new Error('never')
}

describe('the text of what was thrown', () => {
  it('is its message, or itself', () => {
    const thrown = [
      new TypeError('wrong'),
      'text',
      5,
      undefined,
      Symbol('s'),
      Object.assign(new Error(), { message: 5 }),
    ]
    expect(thrown.map(messageOf)).to.deep.equal(['wrong', 'text', '5', 'undefined', 'Symbol(s)', '5'])
  })

  it('is there for what has none', () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const thrown = [
      Object.create(null),
      { toString: fail },
      Object.defineProperty(new Error(), 'message', { get: fail }),
      Object.assign(new Error(), { message: Object.create(null) }),
      revoked.proxy,
    ]
    for (const one of thrown) expect(messageOf(one)).to.equal('something that has no text')
  })
})
