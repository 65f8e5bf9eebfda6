import { expect } from 'chai'
import { FIXTURES } from './fixtures.helper.ts'
import { redactBody, redactText } from './redact.ts'

const ALL = 1024 * 1024

/** JSON in as many strings of JSON. */
function nest(value: unknown, strings: number): string {
  let text = JSON.stringify(value)
  for (let depth = 0; depth < strings; depth++) text = JSON.stringify({ in: text })
  return text
}

/** Undoes `nest`. */
function unnest(text: string, strings: number): unknown {
  let value = JSON.parse(text) as unknown
  for (let depth = 0; depth < strings; depth++) value = JSON.parse((value as { in: string }).in)
  return value
}

describe('a body for the journal', () => {
  const withSecrets = FIXTURES.filter(({ name }) => name.endsWith('with secrets'))

  it('says nothing secret, whatever the driver and the version', () => {
    expect(withSecrets).to.have.length(6)
    for (const { input, driver } of withSecrets) {
      expect(input.body.toString().match(/PLANTED/g)).to.have.length.above(6)
      const text = redactBody(input.body, ALL)
      expect(text).to.not.include('PLANTED').and.not.include('1234567890')
      const body = JSON.parse(text) as Record<string, unknown>
      const said = driver === 'oslo' ? JSON.parse(String(body['oslo.message'])) : body
      const args = (said.args ?? said.arguments) as Record<string, string | null>
      for (const value of Object.values(args)) if (value !== null) JSON.parse(value)
      expect(text).to.include(driver === 'oslo' ? '_unique_id' : 'rpc_ctx')
    }
  })

  it('says nothing secret wherever it is cut', () => {
    for (const { input } of withSecrets) {
      for (let bytes = 0; bytes <= input.body.length; bytes++) {
        const text = redactBody(input.body, bytes)
        expect(text).to.not.match(/PLANTED-|1234567890/)
        expect(Buffer.byteLength(text)).to.be.at.most(bytes)
      }
    }
  })

  it('is as it was if there is no secret in it', () => {
    const others = FIXTURES.filter(({ name }) => !name.endsWith('secrets') && !name.startsWith('failure'))
    expect(others).to.have.length.above(40)
    for (const { input } of others) expect(redactBody(input.body, ALL)).to.equal(input.body.toString())
  })

  it('is described if it is no text', () => {
    const pickle = FIXTURES.find(({ name, driver }) => name.startsWith('failure') && driver === 'kombu')
    const body = pickle?.input.body ?? Buffer.alloc(0)
    expect(redactBody(body, ALL)).to.equal(`(${body.length} bytes that are no text)`)
    expect(redactBody(body, 5)).to.equal('(233 ')
  })

  it('does not cut a character', () => {
    const body = Buffer.from('"ü✓𝄞"')
    for (let bytes = 0; bytes <= body.length; bytes++) {
      const text = redactBody(body, bytes)
      expect(body.toString().startsWith(text)).to.equal(true)
      expect(Buffer.byteLength(text)).to.be.within(bytes - 3, bytes)
    }
  })
})

describe('redaction', () => {
  const keys = [
    'password',
    '_context_auth_token',
    'X-Auth-Token',
    'adminPass',
    'user.secret',
    'API_KEY',
    'auth',
    'pwd',
  ]
  const values = [
    'hunter2',
    'hun"ter2',
    'hunter2\\',
    '"hunter2\\"',
    ['hunter2', { a: 'hunter2' }],
    { b: '}"hunter2' },
    2,
  ]

  for (const strings of [0, 1, 2, 3]) {
    it(`blanks values of any kind, ${strings} strings of JSON deep, and leaves JSON`, () => {
      for (const key of keys) {
        for (const value of values) {
          const text = redactText(nest({ before: 'b', [key]: value, after: { c: 'd' } }, strings))
          expect(unnest(text, strings)).to.deep.equal({ before: 'b', [key]: '***', after: { c: 'd' } })
        }
      }
    })
  }

  it('leaves what is no secret', () => {
    const plain = {
      auth_uri: 'http://keystone',
      author: 'a',
      is_trust_scoped: false,
      auth_token: null,
      service_catalog: {},
      tokens: [],
      password: '',
      has_secret: true,
      url: 'http://127.0.0.1:8080/effects/a@b',
      title: 'the password',
    }
    expect(JSON.parse(redactText(JSON.stringify(plain)))).to.deep.equal({ ...plain, password: '***' })
  })

  for (const [text, expected] of [
    ["{'password': 'hunter2', 'n': 1}", "{'password': '***', 'n': 1}"],
    [`{'password': "it's", 'n': 1}`, `{'password': "***", 'n': 1}`],
    ["{'password': b'hunter2', 'n': 1}", "{'password': b'***', 'n': 1}"],
    ["{'password': 'hun\\'ter2', 'n': 1}", "{'password': '***', 'n': 1}"],
    ["{'password': None}", "{'password': None}"],
    ['password=hunter2&user=u', 'password=***&user=u'],
    ['password: hunter2\nuser: u', 'password: ***\nuser: u'],
    ['Authorization: Bearer abc.def, x', 'Authorization: ***, x'],
    ['no token here', 'no token here'],
    ['http://u:hunter2@h:80/p?token=abc', 'http://u:***@h:80/p?token=***'],
    ['http://u:hunter', 'http://u:***'],
    ['{"a": "http://:hunter2@h/"}', '{"a": "http://:***@h/"}'],
    ['{"\\u0070assword": "hunter2"}', '{"password": "***"}'],
    ['{"password": "hunter2', '{"password": "***'],
    ['{"password": {"a": "hunter2', '{"password": "***"'],
    ['{"password": ', '{"password": '],
    ['{"password', '{"password'],
    ['{"password": "***"}', '{"password": "***"}'],
  ] as const) {
    it(`makes of ${text.replaceAll('\n', '\\n')} ${expected.replaceAll('\n', '\\n')}`, () => {
      expect(redactText(text)).to.equal(expected)
    })
  }
})
