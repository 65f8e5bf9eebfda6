import { expect } from 'chai'
import * as fc from 'fast-check'
import { FieldReader } from './field-reader.ts'

describe('a short string', () => {
  it('is what its bytes say, whatever was read before', () => {
    const few = fc.constantFrom('', 'a', 'ab', 'ba', 'openstack', 'mistral_engine', 'é', '\u00e9\u00e9')
    const bytes = fc.oneof(
      few.map((text) => Buffer.from(text)),
      few.map((text) => Buffer.from(text, 'latin1')),
      fc.uint8Array({ maxLength: 70 }).map((octets) => Buffer.from(octets)),
    )
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 40 }), (all) => {
        const reader = new FieldReader(Buffer.concat(all.flatMap((one) => [Buffer.from([one.length]), one])))
        for (const one of all) expect(reader.shortstr()).to.equal(one.toString())
        reader.expectEnd()
      }),
    )
  })
})
