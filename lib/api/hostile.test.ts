import { expect } from 'chai'
import { defineToxic } from '../toxic.ts'
import { ask, start } from './ask.helper.ts'

const UPSTREAM = '127.0.0.1:9'

describe('what no client of good will asks for', () => {
  it('is an address with a NUL in it, which the system does not take', async () => {
    await using server = await start()
    for (const field of ['upstream', 'listen']) {
      const wrong = { name: 'a', listen: '127.0.0.1:0', upstream: UPSTREAM, [field]: 'a\0b:80' }
      const { status, text } = await ask(server.url, 'POST', '/proxies', wrong)
      expect(status, text).to.equal(400)
      expect(text).to.contain(`${field} must be host:port`)
    }
    expect(server.proxies()).to.deep.equal([])
  })

  it('is a duration that a timer cannot wait, which leaves nothing behind', async () => {
    await using server = await start()
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM })
    for (const duration of [2 ** 31, 2 ** 53 - 1]) {
      const toxic = { type: 'latency', duration }
      const bodies = {
        '/proxies/a/toxics': toxic,
        '/proxies/a': { enabled: false, duration },
        '/proxies': { name: 'b', upstream: UPSTREAM, toxics: [toxic] },
      }
      for (const [path, body] of Object.entries(bodies)) {
        const { status, text } = await ask(server.url, 'POST', path, body)
        expect(status, `${path}: ${text}`).to.equal(400)
        expect(text).to.contain(`duration must be a whole number of ms from 0 to 2147483647, not ${duration}`)
      }
    }
    const [a, ...others] = server.proxies()
    expect(a).to.deep.include({ enabled: true, toxics: [] })
    expect(others).to.deep.equal([])
  })

  it('is a body above 1 MiB, which is answered on a connection that then closes', async () => {
    await using server = await start()
    const { status, headers } = await ask(server.url, 'POST', '/proxies', 'x'.repeat(2 ** 20 + 1))
    expect([status, headers.get('connection')]).to.deep.equal([400, 'close'])
    const small = await ask(server.url, 'POST', '/proxies', '')
    expect([small.status, small.headers.get('connection')]).to.deep.equal([400, 'keep-alive'])
  })

  it('is an attribute of a long name, of which the answer tells the beginning', async () => {
    const type = 'mine'
    const mine = defineToxic({ type, about: '', attributes: {}, open: () => ({}) })
    await using server = await start({ toxics: [mine] })
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM })
    const body = { type, attributes: { ['x'.repeat(1e5)]: 1 } }
    const { text } = await ask(server.url, 'POST', '/proxies/a/toxics', body)
    expect(text).to.contain(`${type} has no ${'x'.repeat(100)}…; `)
  })
})

describe('a body that is null', () => {
  it('is one without a field, as to Toxiproxy', async () => {
    await using server = await start()
    const told = async (verb: string, path: string) => {
      const { status, text } = await ask(server.url, verb, path, 'null')
      return `${status} ${text.trim()}`
    }
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM, toxics: [{ type: 'noop' }] })
    const before = server.proxies()
    expect(await told('PATCH', '/proxies/a')).to.match(/^200 \{"name":"a"/)
    expect(await told('PATCH', '/proxies/a/toxics/noop_downstream')).to.match(/^200 /)
    expect(await told('POST', '/populate')).to.equal('201 {"proxies":[]}')
    expect(await told('POST', '/proxies')).to.contain('400 {"error":"missing required field: name"')
    expect(await told('POST', '/proxies/a/toxics')).to.contain('400 {"error":"invalid toxic type"')
    expect(server.proxies()).to.deep.equal(before)
  })
})

describe('a connection to the API', () => {
  it('is kept for a minute while it is idle', async () => {
    await using server = await start()
    const { headers } = await ask(server.url, 'GET', '/version')
    expect(headers.get('keep-alive')).to.equal('timeout=60')
  })
})
