import { expect } from 'chai'
import { defineToxic } from '../toxic.ts'
import { toxics } from '../../toxics/index.ts'
import { ask, start } from './ask.helper.ts'

const texts = defineToxic({
  type: 'texts',
  about: 'For tests.',
  attributes: { word: { text: 'plain', default: 'x', about: '' }, match: { text: 'pattern', about: '' } },
  open: () => ({}),
})

async function serverWithProxy() {
  const server = await start({ toxics: [...toxics, texts] })
  await ask(server.url, 'POST', '/proxies', { name: 'p', upstream: '127.0.0.1:9' })
  return server
}

describe('attributes that are words', () => {
  it('are shown only where they are not the default, since Toxiproxy does not have them', async () => {
    await using server = await serverWithProxy()
    const created = await ask(server.url, 'POST', '/proxies/p/toxics', { type: 'timeout', name: 't' })
    expect(created.json).to.deep.include({ attributes: { timeout: 0 } })
    const absolute = { attributes: { timeout: 0, mode: 'absolute' } }
    const changed = await ask(server.url, 'POST', '/proxies/p/toxics/t', { attributes: { MODE: 'absolute' } })
    expect(changed.json).to.deep.include(absolute)
    const kept = await ask(server.url, 'PATCH', '/proxies/p/toxics/t', {
      toxicity: 0.5,
      attributes: { mode: null },
    })
    expect(kept.json).to.deep.include({ ...absolute, toxicity: 0.5 })
    const back = await ask(server.url, 'POST', '/proxies/p/toxics/t', { attributes: { mode: 'idle' } })
    expect(back.json).to.deep.include({ attributes: { timeout: 0 } })
  })

  it('are refused with what they may be, and nothing is applied', async () => {
    await using server = await serverWithProxy()
    await ask(server.url, 'POST', '/proxies/p/toxics', {
      type: 'bandwidth',
      name: 'b',
      attributes: { rate: 5 },
    })
    for (const scope of ['Proxy', '', 1, true, ['proxy']]) {
      const reply = await ask(server.url, 'POST', '/proxies/p/toxics/b', { attributes: { rate: 6, scope } })
      expect(reply.status).to.equal(400)
      const got = JSON.stringify(scope)
      expect(reply.json).to.deep.include({
        error: `invalid attribute: scope of bandwidth must be connection or proxy, not ${got}`,
      })
    }
    const after = await ask(server.url, 'GET', '/proxies/p/toxics/b')
    expect(after.json).to.deep.include({ attributes: { rate: 5 } })
  })

  it('can be texts and regular expressions', async () => {
    await using server = await serverWithProxy()
    const add = (attributes: object) =>
      ask(server.url, 'POST', '/proxies/p/toxics', { type: 'texts', attributes })
    expect((await add({})).json).to.deep.include({ status: 400 })
    expect((await add({ match: '(' })).text).to.contain('match of texts must be a regular expression, not')
    expect((await add({ match: '.', word: '' })).text).to.contain('word of texts must be a text')
    expect((await add({ match: '^COMMIT' })).json).to.deep.include({
      attributes: { word: 'x', match: '^COMMIT' },
    })
  })
})
