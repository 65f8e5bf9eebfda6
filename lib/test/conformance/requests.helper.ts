import { expect } from 'chai'
import { ask, type Reply } from '../../api/ask.helper.ts'
import type { ProxyView, ToxicView } from '../../api/views.ts'
import type { Candidate, Serving } from './servers.helper.ts'

const UPSTREAM = '127.0.0.1:9'

/** Where the real one answers wrongly, or knows nothing: each test says how it fails, and that ours does not. */
export function failuresOfRequests({ real, start }: Candidate): void {
  let serving: Serving
  const to = (verb: string, path: string, body?: unknown): Promise<Reply> =>
    ask(serving.url, verb, path, body)
  const make = async (more: object = {}) =>
    (await to('POST', '/proxies', { name: 'a', listen: '127.0.0.1:0', upstream: UPSTREAM, ...more }))
      .json as ProxyView

  beforeEach(async () => {
    serving = await start()
    for (const name of ['a', 'b', 'c']) await to('DELETE', `/proxies/${name}`)
  })

  afterEach(() => serving[Symbol.asyncDispose]())

  it('8: its seed cannot be set', async () => {
    const seed = await to('PATCH', '/seed', { seed: 'mine' })
    if (real) return expect(seed.status).to.equal(404)
    expect((await to('GET', '/seed')).json).to.deep.equal({ seed: 'mine' })
  })

  it('9: it has no list of connections, no events, no evidence of a toxic', async () => {
    await make()
    await to('POST', '/proxies/a/toxics', { type: 'noop' })
    for (const path of ['/connections', '/evidence', '/toxics/noop_downstream/evidence'])
      expect((await to('GET', `/proxies/a${path}`)).status, path).to.equal(real ? 404 : 200)
    const gone = new AbortController()
    const events = await fetch(`${serving.url}/events`, { signal: gone.signal })
    gone.abort()
    expect(events.status).to.equal(real ? 404 : 200)
  })

  it('10: it takes attributes that make no sense', async () => {
    await make()
    const wrong = { type: 'latency', attributes: { latency: -1 } }
    const { status, text } = await to('POST', '/proxies/a/toxics', wrong)
    expect(status).to.equal(real ? 200 : 400)
    if (!real) expect(text).to.contain('latency').and.contain('not -1')
  })

  it('10: an update that fails is half applied', async () => {
    await make()
    await to('POST', '/proxies/a/toxics', { type: 'latency', attributes: { latency: 1 } })
    const path = '/proxies/a/toxics/latency_downstream'
    const change = '{"toxicity":0.5,"attributes":{"latency":7,"jitter":"x"}}'
    expect((await to('POST', path, change)).status).to.equal(400)
    const after = (await to('GET', path)).json as ToxicView
    expect(after.attributes).to.deep.equal({ latency: real ? 7 : 1, jitter: 0 })
    if (!real) expect(after.toxicity).to.equal(1)
  })

  it('10: populate answers an empty list with null', async () => {
    expect((await to('POST', '/populate', [])).json).to.deep.equal({ proxies: real ? null : [] })
  })

  it('10: populate ignores enabled of a proxy that is there', async () => {
    const { listen } = await make()
    const off = { name: 'a', listen, upstream: UPSTREAM, enabled: false }
    const { json } = await to('POST', '/populate', [off])
    expect((json as { proxies: ProxyView[] }).proxies[0]?.enabled).to.equal(real)
  })

  it('10: populate leaves what it made before it failed', async () => {
    const { listen } = await make()
    const given = [
      { name: 'b', listen: '127.0.0.1:0', upstream: UPSTREAM },
      { name: 'c', listen, upstream: UPSTREAM },
    ]
    expect((await to('POST', '/populate', given)).status).to.equal(500)
    expect((await to('GET', '/proxies/b')).status).to.equal(real ? 200 : 404)
  })

  it('10: populate wipes the toxics of a proxy whose upstream changes', async () => {
    const { listen } = await make()
    await to('POST', '/proxies/a/toxics', { type: 'noop' })
    await to('POST', '/populate', [{ name: 'a', listen, upstream: '127.0.0.1:10' }])
    expect((await to('GET', '/proxies/a/toxics')).json).to.have.lengthOf(real ? 0 : 1)
  })

  it('10: populate takes 0.0.0.0 for another address than it listens on, and wipes the toxics', async () => {
    const { listen } = await make({ listen: '0.0.0.0:0' })
    await to('POST', '/proxies/a/toxics', { type: 'noop' })
    const same = { name: 'a', listen: `0.0.0.0:${listen.split(':').at(-1)}`, upstream: UPSTREAM }
    const { json } = await to('POST', '/populate', [same])
    expect((json as { proxies: ProxyView[] }).proxies[0]?.toxics).to.have.lengthOf(real ? 0 : 1)
    expect((await to('GET', '/proxies/a')).json).to.include({ listen })
  })

  it('11: toxics cannot be given with a proxy', async () => {
    const toxics = [{ type: 'latency', attributes: { latency: 3 } }]
    expect((await make({ toxics })).toxics).to.have.lengthOf(real ? 0 : 1)
    const spec = { name: 'b', listen: '127.0.0.1:0', upstream: UPSTREAM, toxics }
    const { json } = await to('POST', '/populate', [spec])
    expect((json as { proxies: ProxyView[] }).proxies[0]?.toxics).to.have.lengthOf(real ? 0 : 1)
  })

  it('11: a fault does not end by itself', async () => {
    await make()
    const lease = { type: 'noop', duration: 60_000 }
    const toxic = (await to('POST', '/proxies/a/toxics', lease)).json
    const down = (await to('POST', '/proxies/a', { enabled: false, duration: 60_000 })).json
    for (const view of [toxic, down]) {
      if (real) expect(view).not.to.have.property('expires_at')
      else expect(view).to.have.property('expires_at')
    }
  })

  it('a web page can talk to it that hides its browser', async () => {
    const foreign = await fetch(`${serving.url}/version`, {
      headers: { Origin: 'http://evil.example', 'User-Agent': 'x' },
    })
    expect(foreign.status).to.equal(real ? 200 : 403)
  })
}
