import { expect } from 'chai'
import * as fc from 'fast-check'
import { endOfNested, endOfString, inside, readMembers, valueOf } from './nested-json.ts'

/** A JSON text, and where it begins when it is in so many strings: `"`, `"\"`, `"\"\\\"`. */
function nest(json: string, strings: number): { text: string; begin: number; slashes: number } {
  let text = json
  let begin = 0
  for (let depth = 0; depth < strings; depth++) text = JSON.stringify(text)
  for (let depth = 0; depth < strings; depth++) begin += 2 ** depth
  return { text, begin, slashes: 2 ** strings - 1 }
}

const strings = fc.integer({ min: 0, max: 3 })
/** Text with what is special in it. */
const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ' ', 'a', 'ü', '\n', '\u0000') })
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), text)
const object = fc.dictionary(text, value)

describe('JSON in strings of JSON', () => {
  it('is read where it stands, with spaces and without', () => {
    fc.assert(
      fc.property(object, strings, fc.boolean(), (said, depth, spaces) => {
        const json = spaces ? JSON.stringify(said, null, 1).replaceAll('\n', ' ') : JSON.stringify(said)
        const { text, begin, slashes } = nest(json, depth)
        const members = readMembers(text, begin, slashes)
        expect(members.whole).to.equal(true)
        expect(endOfNested(text, begin, slashes)).to.equal(members.end)
        const names = Object.keys(JSON.parse(json) as object)
        // A name with an escape in it is left as it stands.
        const plain = names.filter((name) => !JSON.stringify(name).includes('\\'))
        expect(members.names).to.have.length(names.length).and.to.include.members(plain)
        for (const name of plain) {
          expect(members.value(name)).to.deep.equal((JSON.parse(json) as Record<string, unknown>)[name])
        }
      }),
    )
  })

  it('is read as far as it goes, wherever it was cut', () => {
    fc.assert(
      fc.property(object, strings, fc.double({ min: 0, max: 1, noNaN: true }), (said, depth, part) => {
        const { text, begin, slashes } = nest(JSON.stringify(said), depth)
        const whole = readMembers(text, begin, slashes)
        const length = Math.floor(part * (whole.end - 1))
        const cut = readMembers(text.slice(0, length), begin, slashes)
        expect(cut.whole).to.equal(false)
        expect(cut.names).to.deep.equal(whole.names.slice(0, cut.names.length))
        for (const name of cut.names) expect(cut.value(name)).to.deep.equal(whole.value(name))
      }),
    )
  })

  it('has a string where its quotes say', () => {
    fc.assert(
      fc.property(text, text, strings, (said, behind, depth) => {
        const { text, begin, slashes } = nest(JSON.stringify(said) + behind, depth)
        const end = endOfString(text, begin + slashes + 1, slashes)
        const piece = { text, begin, end: end + slashes + 1, slashes }
        expect(valueOf(piece)).to.equal(said)
      }),
    )
  })

  it('is entered through a string', () => {
    fc.assert(
      fc.property(value, strings, (said, depth) => {
        const { text, begin, slashes } = nest(JSON.stringify(JSON.stringify(said)), depth)
        const end = endOfString(text, begin + slashes + 1, slashes) + slashes + 1
        const json = inside({ text, begin, end, slashes })
        expect(json && valueOf(json)).to.deep.equal(JSON.parse(JSON.stringify(said)))
      }),
    )
    expect(inside({ text: '{}', begin: 0, end: 2, slashes: 0 })).to.equal(undefined)
  })

  it('looks into one member, and stops where the rest is of no interest', () => {
    const text = '{"a": {"b": 1, "c": {"d": 2}}, "e": [3], "f_1": 4, "g": 5}'
    const members = readMembers(text, 0, 0, { inner: 'a', until: 'f_' })
    expect(members.names).to.deep.equal(['a', 'e'])
    expect(members.inner?.value('c')).to.deep.equal({ d: 2 })
    expect(members.value('a')).to.deep.equal({ b: 1, c: { d: 2 } })
    expect(members.whole).to.equal(true)
    expect(readMembers(text, text.indexOf(', "e"'), 0).names).to.deep.equal(['e', 'f_1', 'g'])
  })

  it('ends before what is no JSON', () => {
    for (const [text, names] of [
      ['{a: 1}', []],
      ['{"a" 1}', []],
      ['{"a": }', []],
      ['{"a": 1 "b": 2}', ['a']],
      ['{"a": 1, }', ['a']],
      ['{"a": 1, "b": [', ['a']],
      ['{"a": 1]', ['a']],
      ['{,"a": 1}', []],
    ] as const) {
      const { text: nested, begin, slashes } = nest(text, 1)
      for (const members of [readMembers(text, 0, 0), readMembers(nested, begin, slashes)]) {
        expect(members.names, text).to.deep.equal(names)
        expect(members.whole, text).to.equal(false)
      }
    }
    expect(readMembers('"{\\"a\\": 12"', 1, 1)).to.include({ whole: false })
  })

  it('is no value if it is no JSON', () => {
    for (const [text, slashes] of [
      ['nil', 0],
      ['"\\x"', 0],
      ['\\"\\\\x\\"', 1],
      ['x"', 1],
    ] as const) {
      expect(valueOf({ text, begin: 0, end: text.length, slashes }), text).to.equal(undefined)
    }
  })
})
