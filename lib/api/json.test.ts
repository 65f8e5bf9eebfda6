import { expect } from 'chai'
import { Readable } from 'node:stream'
import { Fields, readJson } from './json.ts'

const read = (text: string): Promise<unknown> => readJson(Readable.from([Buffer.from(text)]))
const failing = (text: string): Promise<string> => read(text).then(String, (error: Error) => error.message)

describe('the body of a request', () => {
  it('is its first JSON value', async () => {
    expect(await read(' {"a":"}]\\"{"} trailing {')).to.deep.equal({ a: '}]"{' })
    expect(await read('[1,[2]]{')).to.deep.equal([1, [2]])
    expect(await read('"text"')).to.equal('text')
  })

  it('that is none says so in words', async () => {
    expect(await failing('')).to.equal('bad request body: EOF')
    expect(await failing('{"a":')).to.equal('bad request body: unexpected EOF')
    expect(await failing('{"a"}')).to.match(/^bad request body: Expected/)
    expect(await failing(`"${'x'.repeat(2 ** 20)}"`)).to.equal('bad request body: larger than 1048576 bytes')
  })
})

describe('the fields of a body', () => {
  it('match in any case, and are not there when null', () => {
    const fields = new Fields({ Name: 'a', ENABLED: null, Deep: { Rate: 5 } })
    expect(fields.string('name')).to.equal('a')
    expect(fields.boolean('enabled')).to.equal(undefined)
    expect(fields.fields('deep').number('rate')).to.equal(5)
  })

  it('of the wrong type are named', () => {
    const fields = new Fields({ name: 5, toxics: {}, attributes: [] })
    expect(() => fields.string('name')).to.throw('bad request body: name must be a string, not a number')
    expect(() => fields.list('toxics')).to.throw('bad request body: toxics must be a list, not an object')
    expect(() => fields.fields('attributes')).to.throw('attributes must be an object, not a list')
  })
})
