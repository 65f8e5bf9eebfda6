import { expect } from 'chai'
import { backend, client, decode, frontend, startup, theirs } from './conversation.helper.ts'
import { errorResponse, query, readyForQuery } from './encode.ts'

describe('What is made for PostgreSQL', () => {
  const error = { severity: 'ERROR', code: '40001', message: 'could not serialize accéss' } as const

  it('is what node-postgres reads', () => {
    const [first, second, ...rest] = theirs(Buffer.concat([errorResponse(error), readyForQuery('E')]))
    expect(first).to.include({ name: 'error', ...error, length: errorResponse(error).length - 1 })
    expect(second).to.include({ name: 'readyForQuery', status: 'E', length: 5 })
    expect(rest).to.deep.equal([])
  })

  it('is what we read', () => {
    const { messages, opaque } = decode([
      ...startup(),
      frontend(query("SELECT 'ü'")),
      backend(errorResponse(error), readyForQuery('I')),
    ])
    expect(opaque).to.deep.equal([])
    expect(messages.slice(-3).map(({ fields }) => fields)).to.deep.equal([
      { query: "SELECT 'ü'" },
      error,
      { status: 'I' },
    ])
  })

  it('is the query that node-postgres makes', () => {
    expect(query("SELECT 'ü'")).to.deep.equal(client.query("SELECT 'ü'"))
  })

  it('has no NUL in a text, which would end it', () => {
    expect(theirs(errorResponse({ ...error, message: 'a\0b' }))[0]).to.include({ message: 'a\uFFFDb' })
  })

  it('is no error without an SQLSTATE', () => {
    expect(() => errorResponse({ ...error, code: '4000' })).to.throw(RangeError, 'no SQLSTATE: 4000')
  })
})
