import { Command } from 'commander'
import { expect } from 'chai'
import { wholeNumber, withClusterFlags } from './options.ts'

describe('a number of the command line', () => {
  it('is written in digits alone, within its bounds', () => {
    const number = wholeNumber(1, 20)
    expect(['1', '20', '007'].map(number)).to.deep.equal([1, 20, 7])
    for (const text of ['0', '21', '1e1', '0x2', ' 3', '', '-1', '2.0', 'Infinity'])
      expect(() => number(text), text).to.throw('It must be a whole number from 1 to 20.')
    expect(wholeNumber(0)('12345')).to.equal(12_345)
    expect(() => wholeNumber(0)('9'.repeat(20))).to.throw('It must be a whole number from 0.')
  })

  it('bounds the nodes of each kind', () => {
    for (const kind of ['engines', 'executors', 'apis']) {
      const command = withClusterFlags(new Command())
        .exitOverride()
        .configureOutput({ writeErr: () => {} })
      expect(() => command.parse(['node', 'x', `--${kind}`, '21']), kind).to.throw(/from 1 to 20/)
      expect(() => command.parse(['node', 'x', `--${kind}`, '1e3']), kind).to.throw(/from 1 to 20/)
    }
  })
})
