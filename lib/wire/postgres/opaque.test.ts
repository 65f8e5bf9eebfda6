import { expect } from 'chai'
import {
  backend,
  client,
  decode,
  frontend,
  int32s,
  message,
  query,
  server,
  startup,
  type Step,
} from './conversation.helper.ts'

const reasonOf = (...steps: Step[]): string[] => decode(steps).opaque

describe('What is not PostgreSQL', () => {
  it('is opaque from its first bytes', () => {
    expect(reasonOf(frontend(Buffer.from('GET / HTTP/1.1\r\n')))).to.deep.equal([
      'frontend: no connection to PostgreSQL begins with 47455420',
    ])
    expect(reasonOf(frontend(Buffer.from([0x16, 3, 1, 2, 0])))).to.deep.equal([
      'frontend: encrypted with TLS from its first byte',
    ])
    expect(reasonOf(frontend(int32s(8, 2 << 16)))).to.deep.equal(['frontend: protocol 2.0'])
    expect(reasonOf(frontend(client.requestSsl()), backend(Buffer.from('x')))).to.deep.equal([
      'backend: the answer "x" to SSLRequest',
    ])
  })

  for (const [what, step, reason] of [
    [
      'a type that is no letter',
      backend(Buffer.from('\n....')),
      'no message of PostgreSQL begins with 0a2e2e2e2e',
    ],
    ['a length below that of the length', backend(Buffer.from('Z'), int32s(3)), 'begins with 5a00000003'],
    ['a negative length', frontend(Buffer.from('Q'), int32s(-1)), 'begins with 51ffffffff'],
    ['a text without an end', frontend(message('Q', Buffer.from('SELECT'))), 'a string without an end'],
    ['a body that is too long', frontend(message('S', Buffer.from('x'))), '1 bytes too many'],
    ['a body that is too short', backend(message('R')), 'a body that ends too early'],
    ['another transaction status', backend(server.ready('X')), 'a transaction status "X"'],
    [
      'a value of negative size',
      frontend(message('B', Buffer.alloc(4), Buffer.of(0, 1), int32s(-2))),
      'a value of -2 bytes',
    ],
  ] as const) {
    it(`is ${what}; it is reported once and nothing is read from then on`, () => {
      const decoded = decode([...startup(), step, ...query('SELECT 1', ['SELECT 1'], 'I'), step])
      expect(decoded.opaque).to.have.length(1)
      expect(decoded.opaque[0]).to.include(step.side).and.to.include(reason)
      expect(decoded.messages).to.have.length(5)
    })
  }

  it('is not confused with an error of who listens', () => {
    expect(() =>
      decode(startup(), {
        onMessage: () => {
          throw new Error('mine')
        },
      }),
    ).to.throw('mine')
  })
})
