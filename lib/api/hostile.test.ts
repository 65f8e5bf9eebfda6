import { expect } from 'chai'
import { ask, start } from './ask.helper.ts'

const UPSTREAM = '127.0.0.1:9'

describe('a request that no client of good will sends', () => {
  it('names no address with a NUL in it, which the system does not take', async () => {
    await using server = await start()
    for (const field of ['upstream', 'listen']) {
      const wrong = { name: 'a', listen: '127.0.0.1:0', upstream: UPSTREAM, [field]: 'a\0b:80' }
      const { status, text } = await ask(server.url, 'POST', '/proxies', wrong)
      expect(status, text).to.equal(400)
      expect(text).to.contain(`${field} must be host:port`)
    }
    expect(server.proxies()).to.deep.equal([])
  })

  it('asks for no duration that a timer cannot wait, and leaves nothing behind', async () => {
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
        expect(text).to.contain(`duration must be a whole number of ms from 1 to 2147483647, not ${duration}`)
      }
    }
    const [a, ...others] = server.proxies()
    expect(a).to.deep.include({ enabled: true, toxics: [] })
    expect(others).to.deep.equal([])
  })
})
