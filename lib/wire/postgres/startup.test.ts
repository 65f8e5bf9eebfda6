import { expect } from 'chai'
import {
  backend,
  client,
  decode,
  frontend,
  message,
  server,
  startup,
  typesOf,
} from './conversation.helper.ts'

describe('The start of a connection to PostgreSQL', () => {
  it('says who connects to what, and as which process', () => {
    const { messages, opaque } = decode(startup())
    expect(opaque).to.deep.equal([])
    expect(messages.map(({ type, fields }) => [type, fields])).to.deep.equal([
      [
        'StartupMessage',
        { protocol: '3.0', parameters: { user: 'mistral', database: 'cw', client_encoding: 'UTF8' } },
      ],
      ['AuthenticationOk', {}],
      ['ParameterStatus', { name: 'server_version', value: '15.14' }],
      ['BackendKeyData', { processId: 4711 }],
      ['ReadyForQuery', { status: 'I' }],
    ])
  })

  it('goes on in plain text when the server refuses encryption, of both kinds one after the other', () => {
    const decoded = decode([
      frontend(client.gssencRequest()),
      backend(Buffer.from('N')),
      frontend(client.requestSsl()),
      backend(Buffer.from('N')),
      ...startup(),
    ])
    expect(decoded.opaque).to.deep.equal([])
    expect(typesOf(decoded).slice(0, 6)).to.deep.equal([
      'GSSENCRequest',
      'GSSENCResponse',
      'SSLRequest',
      'SSLResponse',
      'StartupMessage',
      'AuthenticationOk',
    ])
  })

  it('reads the answers of a client that does not wait for them', () => {
    const ahead = frontend(client.gssencRequest(), client.requestSsl(), startup()[0]!.bytes)
    const decoded = decode([ahead, backend(Buffer.from('NN'), startup()[1]!.bytes)])
    expect(decoded.opaque).to.deep.equal([])
    expect(typesOf(decoded, 'backend').slice(0, 3)).to.deep.equal([
      'GSSENCResponse',
      'SSLResponse',
      'AuthenticationOk',
    ])
  })

  for (const [request, answer] of [
    ['requestSsl', 'S'],
    ['gssencRequest', 'G'],
  ] as const) {
    it(`is opaque from the moment when the server says ${answer}`, () => {
      const noise = Buffer.from([0x16, 3, 1, 0, 200])
      const steps = [frontend(client[request]()), backend(Buffer.from(answer), noise), frontend(noise)]
      const decoded = decode(steps)
      const name = request === 'requestSsl' ? 'SSLRequest' : 'GSSENCRequest'
      expect(typesOf(decoded)).to.have.length(2)
      expect(decoded.messages[1]!.fields).to.deep.equal({ answer })
      expect(decoded.opaque).to.deep.equal([`backend: encrypted, after ${name}`])
    })
  }

  it('may be refused with an error where the answer is awaited', () => {
    const decoded = decode([frontend(client.requestSsl()), backend(server.error('53300', 'FATAL'))])
    expect(decoded.opaque).to.deep.equal([])
    expect(decoded.messages[1]).to.deep.include({
      type: 'ErrorResponse',
      fields: { severity: 'FATAL', code: '53300', message: 'why' },
    })
  })

  it('may be a CancelRequest and nothing else', () => {
    const cancel = client.cancel(4711, 99)
    const { messages, opaque } = decode([frontend(cancel)])
    expect(messages).to.have.length(1)
    expect(messages[0]).to.deep.include({ type: 'CancelRequest', fields: { processId: 4711 }, size: 16 })
    expect(opaque).to.deep.equal([])
    expect(decode([frontend(cancel, cancel)]).opaque).to.have.length(1)
  })

  it('knows what a client answers at each step of SASL', () => {
    const decoded = decode([
      startup()[0]!,
      backend(server.authentication(10)),
      frontend(client.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=x')),
      backend(server.authentication(11)),
      frontend(client.sendSCRAMClientFinalMessage('c=biws,r=xy,p=z')),
      backend(server.authentication(12), startup()[1]!.bytes),
    ])
    expect(typesOf(decoded).slice(1, 7)).to.deep.equal(
      `AuthenticationSASL SASLInitialResponse AuthenticationSASLContinue SASLResponse AuthenticationSASLFinal
       AuthenticationOk`.split(/\s+/),
    )
  })

  const secret = 'correct horse'
  for (const [what, code, sent, type] of [
    ['in clear text', 3, client.password(secret), 'PasswordMessage'],
    ['as MD5', 5, client.password(secret), 'PasswordMessage'],
    ['with GSSAPI', 7, message('p', Buffer.from(secret)), 'GSSResponse'],
    ['with SSPI', 9, message('p', Buffer.from(secret)), 'GSSResponse'],
    ['of SASL', 10, client.sendSASLInitialResponseMessage('SCRAM-SHA-256', secret), 'SASLInitialResponse'],
    ['of SASL that goes on', 11, client.sendSCRAMClientFinalMessage(secret), 'SASLResponse'],
    ['that nobody asked for', 0, client.password(secret), 'unknown:p'],
  ] as const) {
    it(`keeps a password ${what} out of the fields`, () => {
      const [hello] = startup()
      const decoded = decode([hello!, backend(server.authentication(code)), frontend(sent)])
      expect(decoded.opaque).to.deep.equal([])
      const last = decoded.messages.at(-1)!
      expect(last.type).to.equal(type)
      expect(JSON.stringify({ ...last, bytes: undefined })).to.not.include(secret)
    })
  }
})
