import { expect } from 'chai'
import { ask, type Reply } from '../../api/ask.helper.ts'
import type { ProxyView, ToxicView } from '../../api/views.ts'
import type { Serving } from './servers.helper.ts'

const UPSTREAM = 'localhost:9'

/** What each route takes and answers, over plain HTTP. */
export function httpContract(serving: Serving): void {
  const to = (verb: string, path: string, body?: unknown): Promise<Reply> =>
    ask(serving.url, verb, path, body)
  const toProxy = async (verb: string, path: string, body?: unknown) =>
    (await to(verb, path, body)).json as ProxyView
  const make = (name: string, more: object = {}) =>
    toProxy('POST', '/proxies', { name, upstream: UPSTREAM, listen: 'localhost:0', ...more })
  const toxicNames = async (name: string) =>
    ((await to('GET', `/proxies/${name}/toxics`)).json as ToxicView[]).map((toxic) => toxic.name)

  /** The reply is this error, as JSON with exactly its text and status. */
  async function fails(status: number, error: string, ...[verb, path, body]: Parameters<typeof to>) {
    const reply = await to(verb, path, body)
    expect(reply.json, `${verb} ${path}`).to.include({ status, error })
    expect(reply.status).to.equal(status)
  }

  it('numbers each request that it knows, and has its own 404 and 405', async () => {
    const known = await to('GET', '/proxies?any=thing')
    expect(known).to.include({ status: 200, text: '{}' })
    expect(known.headers.get('content-type')).to.equal('application/json')
    expect(known.headers.get('x-toxiproxy-request-id')).to.match(/./)
    for (const path of ['/nothing', '/proxies/', '/']) {
      const unknown = await to('GET', path)
      expect(unknown).to.include({ status: 404, text: '404 page not found\n' })
      expect(unknown.headers.get('content-type')).to.match(/^text\/plain/)
      expect(unknown.headers.get('x-toxiproxy-request-id')).to.equal(null)
    }
    for (const [verb, path] of [
      ['PUT', '/proxies'],
      ['GET', '/reset'],
      ['DELETE', '/populate'],
    ] as const) {
      expect(await to(verb, path)).to.include({ status: 405, text: '' })
    }
  })

  it('names its version', async () => {
    const reply = await to('GET', '/version')
    expect(reply.status).to.equal(200)
    expect(reply.text).to.match(/^\{"version": "[^"]+"\}\n$/)
  })

  it('creates, shows and deletes proxies', async () => {
    const created = await to('POST', '/proxies', { name: 'a', upstream: UPSTREAM, listen: 'localhost:0' })
    expect(created.status).to.equal(201)
    expect(created.json).to.deep.include({ name: 'a', upstream: UPSTREAM, enabled: true, toxics: [] })
    const proxy = created.json as ProxyView
    expect(proxy.listen).to.match(/^127\.0\.0\.1:[1-9]\d*$/)
    expect(await toProxy('GET', '/proxies/a')).to.deep.equal(proxy)
    expect((await to('GET', '/proxies')).json).to.deep.equal({ a: proxy })
    expect(await to('DELETE', '/proxies/a')).to.include({ status: 204, text: '' })
    await fails(404, 'proxy not found', 'GET', '/proxies/a')
  })

  it('keeps the listen string of a proxy that was created disabled', async () => {
    expect(await make('a', { enabled: false })).to.include({ listen: 'localhost:0', enabled: false })
  })

  it('takes keys in any case, unknown keys, null, and what follows the first value', async () => {
    const body = '{"NAME":"a","Upstream":"localhost:9","Listen":"localhost:0","enabled":null,"more":1} more'
    expect(await toProxy('POST', '/proxies', body)).to.include({ name: 'a', enabled: true })
  })

  it('percent-decodes names', async () => {
    await make('a b')
    expect(await toProxy('GET', '/proxies/a%20b')).to.include({ name: 'a b' })
  })

  it('says what is wrong with a proxy', async () => {
    const { listen } = await make('a')
    await fails(400, 'bad request body: unexpected EOF', 'POST', '/proxies', '{')
    await fails(400, 'missing required field: name', 'POST', '/proxies', {})
    await fails(400, 'missing required field: upstream', 'POST', '/proxies', { name: 'b' })
    await fails(409, 'proxy already exists', 'POST', '/proxies', { name: 'a', upstream: UPSTREAM })
    const taken = `listen tcp ${listen}: bind: address already in use`
    await fails(500, taken, 'POST', '/proxies', { name: 'b', upstream: UPSTREAM, listen })
    for (const [verb, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/toxics'],
    ] as const) {
      await fails(404, 'proxy not found', verb, `/proxies/no${path}`, verb === 'PATCH' ? '{' : undefined)
    }
  })

  it('disables, enables and moves by POST and PATCH', async () => {
    const { listen } = await make('a')
    for (const verb of ['POST', 'PATCH']) {
      expect(await toProxy(verb, '/proxies/a', { enabled: false })).to.include({ enabled: false, listen })
      expect(await toProxy(verb, '/proxies/a', { enabled: true })).to.include({ enabled: true, listen })
    }
    await to('POST', '/proxies/a/toxics', { type: 'latency' })
    const moved = await toProxy('PATCH', '/proxies/a', { listen: 'localhost:0', upstream: 'localhost:8' })
    expect(moved.listen).not.to.equal(listen)
    expect(moved.upstream).to.equal('localhost:8')
    expect(moved.toxics).to.have.lengthOf(1)
    await fails(400, 'bad request body: unexpected EOF', 'PATCH', '/proxies/a', '{')
  })

  it('creates toxics with defaults', async () => {
    await make('a')
    const created = await to('POST', '/proxies/a/toxics', { type: 'latency' })
    expect(created.status).to.equal(200)
    expect(created.text).to.equal(
      '{"attributes":{"latency":0,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}',
    )
    const given = {
      type: 'timeout',
      name: 't',
      stream: 'upstream',
      toxicity: 0.3,
      attributes: { Timeout: 5 },
    }
    const second = (await to('POST', '/proxies/a/toxics', given)).json as ToxicView
    expect(second).to.deep.equal({ ...given, attributes: { timeout: 5 } })
    expect((await to('GET', '/proxies/a/toxics/t')).json).to.deep.equal(second)
    await to('POST', '/proxies/a/toxics', { type: 'reset_peer', attributes: null })
    await to('POST', '/proxies/a/toxics', { type: 'slow_close' })
    await to('POST', '/proxies/a/toxics', { type: 'noop', stream: 'upstream' })
    await to('POST', '/proxies/a/toxics', { type: 'bandwidth', attributes: { rate: 7 } })
    expect(await toxicNames('a')).to.deep.equal([
      't',
      'noop_upstream',
      'latency_downstream',
      'reset_peer_downstream',
      'slow_close_downstream',
      'bandwidth_downstream',
    ])
    expect((await toProxy('GET', '/proxies/a')).toxics).to.have.lengthOf(6)
  })

  it('ignores attributes that a type does not have', async () => {
    await make('a')
    const given = { type: 'latency', attributes: { latency: 5, Rate: 'any', more: { than: 1 } } }
    const created = await to('POST', '/proxies/a/toxics', given)
    expect(created).to.include({ status: 200 })
    expect(created.json).to.deep.include({ attributes: { latency: 5, jitter: 0 } })
    const path = '/proxies/a/toxics/latency_downstream'
    const changed = await to('POST', path, { attributes: { more: 1, jitter: 2 } })
    expect(changed.json).to.deep.include({ attributes: { latency: 5, jitter: 2 } })
    const noop = await to('POST', '/proxies/a/toxics', { type: 'noop', attributes: { more: 1 } })
    expect(noop.json).to.deep.include({ attributes: {} })
  })

  it('says what is wrong with a toxic', async () => {
    await make('a')
    const path = '/proxies/a/toxics'
    await to('POST', path, { type: 'latency', name: 'x' })
    await fails(404, 'proxy not found', 'POST', '/proxies/no/toxics', '{')
    await fails(400, 'bad request body: unexpected EOF', 'POST', path, '{')
    const stream = 'stream was invalid, can be either upstream or downstream'
    await fails(400, stream, 'POST', path, { type: 'no', stream: 'no' })
    await fails(400, 'invalid toxic type', 'POST', path, { type: 'no' })
    await fails(400, 'invalid toxic type', 'POST', path, {})
    await fails(409, 'toxic already exists', 'POST', path, { type: 'noop', name: 'x', stream: 'upstream' })
    for (const verb of ['GET', 'PATCH', 'POST', 'DELETE']) {
      await fails(404, 'toxic not found', verb, `${path}/no`, verb[0] === 'P' ? '{' : undefined)
    }
    for (const wrong of ['5', 1.5, {}]) {
      const reply = await to('POST', path, { type: 'latency', attributes: { latency: wrong } })
      expect(reply.status).to.equal(400)
      expect(reply.text).to.contain('latency')
    }
    expect(await toxicNames('a')).to.deep.equal(['x'])
  })

  it('updates toxics by merging, and removes them', async () => {
    await make('a')
    const path = '/proxies/a/toxics/latency_downstream'
    await to('POST', '/proxies/a/toxics', { type: 'latency', attributes: { latency: 5 } })
    const first = await to('PATCH', path, { attributes: { jitter: 2 }, name: 'other', stream: 'upstream' })
    expect(first.status).to.equal(200)
    expect(first.json).to.deep.include({
      attributes: { latency: 5, jitter: 2 },
      name: 'latency_downstream',
      toxicity: 1,
    })
    const second = (await to('POST', path, { toxicity: 0.5 })).json
    expect(second).to.deep.include({
      attributes: { latency: 5, jitter: 2 },
      toxicity: 0.5,
      stream: 'downstream',
    })
    expect(await to('DELETE', path)).to.include({ status: 204, text: '' })
    expect(await toxicNames('a')).to.deep.equal([])
  })

  it('populates: creates, replaces what differs, leaves the rest', async () => {
    const { listen } = await make('a')
    const other = await make('b')
    const reply = await to('POST', '/populate', [
      { name: 'a', upstream: UPSTREAM, listen },
      { name: 'b', upstream: 'localhost:8', listen: other.listen },
      { name: 'c', upstream: UPSTREAM, listen: 'localhost:0' },
    ])
    expect(reply.status).to.equal(201)
    const { proxies } = reply.json as { proxies: ProxyView[] }
    expect(proxies.map(({ name, upstream }) => [name, upstream])).to.deep.equal([
      ['a', UPSTREAM],
      ['b', 'localhost:8'],
      ['c', UPSTREAM],
    ])
  })

  it('populates nothing if a field is missing', async () => {
    const first = { name: 'a', upstream: UPSTREAM, listen: 'localhost:0' }
    await fails(400, 'missing required field: name at proxy 2', 'POST', '/populate', [
      first,
      { upstream: UPSTREAM },
    ])
    await fails(400, 'missing required field: upstream at proxy 2', 'POST', '/populate', [
      first,
      { name: 'b' },
    ])
    await fails(400, 'bad request body: unexpected EOF', 'POST', '/populate', '[')
    expect((await to('GET', '/proxies')).json).to.deep.equal({})
  })

  it('resets: enables every proxy and removes every toxic', async () => {
    await make('a')
    await to('POST', '/proxies/a/toxics', { type: 'latency' })
    await to('POST', '/proxies/a', { enabled: false })
    expect(await to('POST', '/reset')).to.include({ status: 204, text: '' })
    expect(await toProxy('GET', '/proxies/a')).to.deep.include({ enabled: true, toxics: [] })
  })
}
