import { expect } from 'chai'
import { HOSTILE, ID } from './examples.helper.ts'
import { duration, plain, wrap } from './text.ts'

describe('wrap', () => {
  it('keeps within the width and every word whole', () => {
    const line = `    stuck task ${ID} is RUNNING and ${ID} is too`
    const lines = wrap(line, 30)
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).to.equal(line.replaceAll(/ +/g, ' '))
    expect(lines.filter((one) => one.length > 30).every((one) => one.trim() === ID)).to.equal(true)
    expect(lines.slice(1).every((one) => one.startsWith('      '))).to.equal(true)
  })

  it('leaves what fits as it is', () => {
    expect(wrap('  a  b', 6)).to.deep.equal(['  a  b'])
  })
})

describe('plain', () => {
  it('takes away escape sequences and control characters, and leaves lines', () => {
    const text = plain(HOSTILE)
    expect(text).to.match(/^red <script>/)
    expect(text).not.to.match(/(?!\n)\p{Cc}/u)
    expect(text.split('\n')).to.have.length(3)
  })
})

describe('duration', () => {
  it('is in seconds, then in minutes', () => {
    expect([0, 4_949, 119_900, 120_000, 252_400].map(duration)).to.deep.equal([
      '0.0 s',
      '4.9 s',
      '119.9 s',
      '2 min 0 s',
      '4 min 12 s',
    ])
  })
})
