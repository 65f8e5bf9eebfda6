import { expect } from 'chai'
import { FieldReader, MalformedError } from './field-reader.ts'
import { FieldWriter } from './field-writer.ts'
import { Decimal, Timestamp, type FieldTypes, type FieldValue } from './specification.ts'

/** The value that a table has whose only key is `k`. */
function tagged(hex: string): FieldValue | undefined {
  const entry = Buffer.from(`016b${hex}`, 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(entry.length)
  return new FieldReader(Buffer.concat([length, entry])).table()['k']
}

const letter = (tag: string): string => Buffer.from(tag).toString('hex')

describe("AMQP's values", () => {
  /** Each letter that RabbitMQ's own parser knows, and py-amqp's U. */
  const values: [tag: string, hex: string, value: FieldValue][] = [
    ['S', '00000003c3a921', 'é!'],
    ['x', '00000002ff00', Buffer.from([255, 0])],
    ['t', '00', false],
    ['t', '02', true],
    ['b', 'ff', -1],
    ['B', 'ff', 255],
    ['s', '8000', -32_768],
    ['U', '8000', -32_768],
    ['u', '8000', 32_768],
    ['I', 'fffeffff', -65_537],
    ['i', 'fffeffff', 4_294_901_759],
    ['l', 'ffffffffffffffff', -1],
    ['L', '001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['l', '8000000000000000', -(2n ** 63n)],
    ['f', '3fc00000', 1.5],
    ['d', '3ff8000000000000', 1.5],
    ['D', '02000001f4', new Decimal(2, 500)],
    ['T', '000000006ab13b80', new Timestamp(1_790_000_000)],
    ['V', '', null],
    ['A', '00000004627f7401', [127, true]],
    ['F', '00000003016156', { a: null }],
  ]
  for (const [tag, hex, value] of values) {
    it(`${tag} ${hex} is ${typeof value === 'bigint' ? value : JSON.stringify(value)}`, () => {
      expect(tagged(letter(tag) + hex)).to.deep.equal(value)
      if (hex !== '') expect(() => tagged(letter(tag) + hex.slice(0, -2))).to.throw(MalformedError)
    })
  }

  it('may be many tables beside each other', () => {
    const table = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`t${index}`, {}]))
    const writer = new FieldWriter()
    writer.table(table)
    expect(new FieldReader(writer.bytes).table()).to.deep.equal(table)
  })

  it('have eight bits that follow each other in one octet, the lowest first', () => {
    const bits = Array.from({ length: 9 }, (_, index) => [`bit${index}`, 'bit'] as const)
    const types: FieldTypes = [
      ...bits,
      ['octet', 'octet'],
      ['alone', 'bit'],
      ['long', 'long'],
      ['last', 'bit'],
    ]
    const set = ['bit0', 'bit2', 'bit8', 'last']
    const fields = Object.fromEntries(
      types.map(([name, type]) => [name, type === 'bit' ? set.includes(name) : 0xaa]),
    )
    const writer = new FieldWriter()
    writer.fields(types, fields)
    expect(writer.bytes.toString('hex')).to.equal('0501aa00000000aa01')
    expect(new FieldReader(writer.bytes).fields(types)).to.deep.equal(fields)
  })
})
