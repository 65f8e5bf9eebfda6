import { expect } from 'chai'
import { defineToxic, type Attribute } from '../toxic.ts'
import { defaultsOf, isValueOf, kindOfValue, shownAttributes, whatItMustBe } from './attributes.ts'

const number: Attribute = { unit: 'ms', min: 1, max: 10, default: 2, about: '' }
const choice: Attribute = { choices: ['idle', 'absolute'], default: 'idle', ours: true, about: '' }
const plain: Attribute = { text: 'plain', about: '' }
const pattern: Attribute = { text: 'pattern', about: '' }

const toxic = defineToxic({
  type: 'every_kind',
  about: 'For tests.',
  attributes: { number, choice, plain, pattern },
  open: () => ({}),
})

describe('an attribute', () => {
  it('has the values that its definition allows', () => {
    const allowed: [Attribute, unknown[], unknown[]][] = [
      [number, [1, 10], [0, 11, 1.5, NaN, Infinity, '2', true, null, undefined, {}]],
      [choice, ['idle', 'absolute'], ['', 'Idle', 'idl', 0, undefined, ['idle']]],
      [plain, ['x', '('], ['', 1, undefined]],
      [pattern, ['^COMMIT', '.'], ['', '(', 1, undefined]],
    ]
    for (const [attribute, right, wrong] of allowed) {
      expect(right.filter((value) => !isValueOf(attribute, value))).to.deep.equal([])
      expect(wrong.filter((value) => isValueOf(attribute, value))).to.deep.equal([])
    }
  })

  it('says what it must be', () => {
    expect(whatItMustBe(number, 11)).to.equal('must be a whole number of ms from 1 to 10, not 11')
    expect(whatItMustBe(number, 'fast')).to.contain('not "fast"')
    expect(whatItMustBe(number, undefined)).to.match(/to 10$/)
    expect(whatItMustBe(choice, 'busy')).to.equal('must be idle or absolute, not "busy"')
    expect(whatItMustBe(plain, '')).to.equal('must be a text that is not empty, not ""')
    expect(whatItMustBe(pattern, '(')).to.match(/^must be a regular expression, not "\(": .*[Uu]nterminated/)
    expect(whatItMustBe(pattern, 3)).to.equal('must be a regular expression, not 3')
  })

  it('has a kind for help', () => {
    const kinds = [number, choice, plain, pattern].map(kindOfValue)
    expect(kinds).to.deep.equal(['ms', 'idle or absolute', 'text', 'regular expression'])
  })

  it('has its default where it has one, and one that is ours is shown where it differs', () => {
    expect(defaultsOf(toxic)).to.deep.equal({ number: 2, choice: 'idle' })
    const values = { number: 2, plain: 'x', pattern: '.' }
    expect(shownAttributes(toxic, { ...values, choice: 'idle' })).to.deep.equal(values)
    const chosen = { ...values, choice: 'absolute' }
    expect(shownAttributes(toxic, chosen)).to.deep.equal(chosen)
  })
})
