import { expect } from 'chai'
import * as fc from 'fast-check'
import { TextWriter } from './text-writer.ts'

const write = (writer: TextWriter, text: string): void => {
  writer.begin().raw(text).string(text).number(text.length)
}
const asWritten = (text: string): string => text + JSON.stringify(text) + String(text.length)

describe('a writer of texts', () => {
  it('gives all that were ended, in order and once, whenever they are taken', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.nat(300_000).map((length) => '"x'.repeat(length / 2)),
    )
    const step = fc.record({ text, ends: fc.boolean(), takes: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const writer = new TextWriter()
        const taken: Buffer[] = []
        for (const { text: one, ends, takes } of steps) {
          write(writer, one)
          expect(writer.written.toString() === asWritten(one)).to.equal(true)
          if (ends) writer.end()
          if (takes) taken.push(...writer.take())
        }
        taken.push(...writer.take())
        const expected = steps.flatMap(({ text: one, ends }) => (ends ? [asWritten(one)] : [])).join('')
        expect(Buffer.concat(taken).toString() === expected).to.equal(true)
      }),
      { numRuns: 50 },
    )
  })
})
