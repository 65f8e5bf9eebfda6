import { expect } from 'chai'
import { dial, TestServer, until } from '../proxy/rig.helper.ts'
import { ask, Listener, start } from './ask.helper.ts'
import type { ConnectionView, EvidenceView, StrikesView } from './views.ts'

/** A server with a proxy before an upstream, and a client that has talked through it. */
async function talked(text: string) {
  const server = await start({ metrics: true })
  const upstream = await new TestServer().listen()
  await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: upstream.address })
  const client = (await dial(server.proxies()[0]?.listen ?? '')).read()
  client.socket.write(text)
  await (await upstream.peer(0)).read().receives(text)
  return {
    server,
    upstream,
    client,
    [Symbol.asyncDispose]: async () => {
      client.socket.destroy()
      upstream[Symbol.dispose]()
      await server.close()
    },
  }
}

describe('the seed', () => {
  it('is read and set', async () => {
    await using server = await start({ seed: 'first' })
    expect((await ask(server.url, 'GET', '/seed')).json).to.deep.equal({ seed: 'first' })
    for (const verb of ['POST', 'PATCH']) {
      expect((await ask(server.url, verb, '/seed', { seed: verb })).json).to.deep.equal({ seed: verb })
      expect((await ask(server.url, 'GET', '/seed')).json).to.deep.equal({ seed: verb })
    }
    const wrong = await ask(server.url, 'PATCH', '/seed', { seed: '' })
    expect(wrong.json).to.deep.equal({ error: 'missing required field: seed', status: 400 })
    expect((await ask(server.url, 'PATCH', '/seed', { seed: 1 })).status).to.equal(400)
    expect((await ask(server.url, 'GET', '/seed')).json).to.deep.equal({ seed: 'PATCH' })
  })
})

describe('a connection', () => {
  it('is closed by its number, and told as closed by the API', async () => {
    await using rig = await talked('hello')
    const { url } = rig.server
    for (const wrong of ['2', 'x', '1.5'])
      expect((await ask(url, 'DELETE', `/proxies/a/connections/${wrong}`)).json, wrong).to.deep.equal({
        error: 'connection not found',
        status: 404,
      })
    expect((await ask(url, 'DELETE', '/proxies/no/connections/1')).json).to.include({ status: 404 })
    expect(await ask(url, 'DELETE', '/proxies/a/connections/1')).to.include({ status: 204, text: '' })
    await rig.client.isEndedWith(await rig.upstream.peer(0))
    expect((await ask(url, 'GET', '/proxies/a/connections')).json).to.deep.equal([])
    expect(rig.server.evidence('a')?.connections).to.include({ closed: 1, cutByFault: 0 })
    expect(rig.server.evidence('a')?.cuts[0]?.by).to.equal('closed by API')
  })
})

describe('what it shows', () => {
  it("has names as Toxiproxy's are", async () => {
    await using rig = await talked('hello')
    const { url } = rig.server
    using listener = await Listener.of(url)
    await ask(url, 'POST', '/proxies/a/toxics', { type: 'noop', name: 'Mine', duration: 60_000 })
    const [connection] = (await ask(url, 'GET', '/proxies/a/connections')).json as ConnectionView[]
    expect(connection).to.include.keys('upstream_local', 'age_ms', 'upstream_bytes', 'downstream_bytes')
    expect(connection?.toxics).to.deep.equal([{ name: 'Mine', acted: false }])
    await ask(url, 'DELETE', '/proxies/a/connections/1')
    const evidence = (await ask(url, 'GET', '/proxies/a/evidence')).json as EvidenceView
    expect(evidence.cuts[0]).to.include({ by: 'closed by API', upstream_bytes: 5 })
    const strikes = (await ask(url, 'GET', '/proxies/a/toxics/Mine/evidence')).json
    expect(strikes).to.include({ chunks_delayed: 0, connections_cut: 0 })
    await until('the end is told', () => listener.events.at(-1)?.kind === 'connection.closed')
    expect(listener.events[1]).to.have.property('upstream_local')
    const shown = [connection, evidence, strikes, listener.events]
    expect(JSON.stringify(shown).match(/"\w*[A-Z]\w*":/g)).to.equal(null)
  })
})

describe('the events', () => {
  it('are told to whoever listens, those before it came too', async () => {
    await using rig = await talked('hello')
    const { url } = rig.server
    using listener = await Listener.of(url)
    expect(listener.response.headers.get('content-type')).to.equal('text/event-stream')
    await until('the past is told', () => listener.caughtUp)
    expect(listener.events.map(({ kind }) => kind)).to.deep.equal(['connection.opened', 'connection.dialled'])
    await ask(url, 'POST', '/proxies/a/toxics', { type: 'latency', attributes: { latency: 3 } })
    await ask(url, 'PATCH', '/proxies/a/toxics/latency_downstream', { toxicity: 0.5 })
    await ask(url, 'DELETE', '/proxies/a/toxics/latency_downstream')
    await ask(url, 'DELETE', '/proxies/a/connections/1')
    await ask(url, 'PATCH', '/proxies/a', { enabled: false, duration: 60_000 })
    await ask(url, 'DELETE', '/proxies/a')
    await until('the end is told', () => listener.events.at(-1)?.kind === 'removed')
    const [, , added, updated, removed, closed, disabled] = listener.events
    expect(added).to.deep.include({ kind: 'toxic.added', proxy: 'a' })
    expect(added?.toxic).to.deep.include({ toxicity: 1, attributes: { latency: 3, jitter: 0 } })
    expect(updated?.toxic).to.include({ name: 'latency_downstream', toxicity: 0.5 })
    expect(removed?.kind).to.equal('toxic.removed')
    expect(closed).to.deep.include({ kind: 'connection.closed', connection: 1, reason: 'closed by API' })
    expect(closed?.bytes?.upstream).to.include({ received: 5, sent: 5 })
    expect(Date.parse(disabled?.expires_at ?? '')).to.be.above(Date.now())
    expect(listener.events.map(({ id }) => id)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
    using again = await Listener.of(url, { 'Last-Event-ID': '6' })
    await until('the rest is told', () => again.caughtUp)
    expect(again.events.map(({ kind }) => kind)).to.deep.equal(['disabled', 'removed'])
    using strange = await Listener.of(url, { 'Last-Event-ID': 'abc' })
    await until('all is told', () => strange.caughtUp)
    expect(strange.events).to.have.lengthOf(8)
  })

  it('tell which toxic has acted on which connection, once', async () => {
    await using rig = await talked('hello')
    const { url } = rig.server
    using listener = await Listener.of(url)
    const toxic = { type: 'latency', stream: 'upstream', attributes: { latency: 3 } }
    await ask(url, 'POST', '/proxies/a/toxics', toxic)
    const opposite = await rig.upstream.peer(0)
    for (const text of ['hello1', 'hello12']) {
      rig.client.socket.write(text.at(-1) ?? '')
      await opposite.receives(text)
    }
    await ask(url, 'DELETE', '/proxies/a')
    await until('the end is told', () => listener.events.at(-1)?.kind === 'removed')
    const acted = listener.events.filter(({ kind }) => kind === 'toxic.acted')
    expect(acted).to.have.lengthOf(1)
    expect(acted[0]).to.deep.include({ proxy: 'a', connection: 1, by: 'latency_upstream' })
  })

  it('end with the server', async () => {
    const server = await start()
    using listener = await Listener.of(server.url)
    await until('it listens', () => listener.caughtUp)
    await server.close()
    await until('it has ended', () => listener.ended)
  })
})

describe('what one toxic did', () => {
  it('is counted by itself, with the real delays', async () => {
    await using rig = await talked('hello')
    const { url } = rig.server
    for (const [name, latency] of [
      ['slow', 3],
      ['idle', 0],
    ])
      await ask(url, 'POST', '/proxies/a/toxics', {
        type: 'latency',
        name,
        stream: 'upstream',
        attributes: { latency },
      })
    rig.client.socket.write('!')
    await (await rig.upstream.peer(0)).receives('hello!')
    const slow = (await ask(url, 'GET', '/proxies/a/toxics/slow/evidence')).json as StrikesView
    const idle = (await ask(url, 'GET', '/proxies/a/toxics/idle/evidence')).json as StrikesView
    expect(slow).to.deep.include({
      chunks_delayed: 1,
      bytes_delayed: 1,
      bytes_dropped: 0,
      connections_cut: 0,
    })
    expect(slow.delayed_ms).to.be.at.least(3)
    expect(slow.delays.at(-1)?.ms).to.equal(null)
    const [delay] = slow.delays.filter(({ chunks }) => chunks > 0)
    expect(delay?.chunks).to.equal(1)
    expect(delay?.ms).to.be.at.least(slow.delayed_ms)
    expect(idle).to.include({ chunks_delayed: 0, bytes_delayed: 0 })
    expect((await ask(url, 'GET', '/proxies/a/toxics/no/evidence')).json).to.include({
      error: 'toxic not found',
    })
  })
})

describe('the metrics', () => {
  it('move while a connection lives', async () => {
    await using rig = await talked('hello')
    const { status, text, headers } = await ask(rig.server.url, 'GET', '/metrics')
    expect(status).to.equal(200)
    expect(headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8')
    const labels = `proxy="a",listener="${rig.server.proxies()[0]?.listen}",upstream="${rig.upstream.address}"`
    for (const what of ['received', 'sent']) {
      const name = `toxiproxy_proxy_${what}_bytes_total`
      expect(text).to.include(`# TYPE ${name} counter\n${name}{direction="upstream",${labels}} 5\n`)
      expect(text).to.include(`${name}{direction="downstream",${labels}} 0\n`)
    }
  })

  it('are not there unless they were asked for', async () => {
    await using server = await start()
    expect(await ask(server.url, 'GET', '/metrics')).to.include({ status: 404, text: '404 page not found\n' })
  })
})

describe('a server with a token', () => {
  it('answers nothing without it', async () => {
    await using server = await start({ token: 'S3cret' })
    for (const path of ['/version', '/proxies', '/nothing', '/wrong/proxies']) {
      const { status, headers, json } = await ask(server.url, 'GET', path)
      expect(status, path).to.equal(401)
      expect(headers.get('www-authenticate')).to.equal('Bearer')
      expect((json as { error: string }).error).to.match(/^token required: /)
    }
    const made = await ask(`${server.url}/S3cret`, 'POST', '/proxies', {
      name: 'a',
      upstream: '127.0.0.1:9',
    })
    expect(made.status).to.equal(201)
    const response = await fetch(`${server.url}/proxies/a`, { headers: { Authorization: 'Bearer S3cret' } })
    expect(response.status).to.equal(200)
  })
})
