import { expect } from 'chai'
import { connect } from 'node:net'
import { dial, TestServer, until } from '../proxy/rig.helper.ts'
import { toxics } from '../../toxics/index.ts'
import { defineToxic } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { apiErrors } from './errors.ts'
import { ask, start } from './ask.helper.ts'
import type { ConnectionView, EvidenceView, ProxyView } from './views.ts'

const UPSTREAM = '127.0.0.1:9'

describe('our server, beyond Toxiproxy', () => {
  it('names the attribute that it does not take', async () => {
    const plain = defineToxic({ type: 'plain', about: '', attributes: {}, open: () => ({}) })
    const how = { unit: 'ms', default: 1, min: 0, about: '' }
    const mine = defineToxic({ ...plain, type: 'mine', attributes: { how } })
    await using server = await start({ toxics: [...toxics, plain, mine] })
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM })
    const reject = async (body: object, ...words: string[]) => {
      const reply = await ask(server.url, 'POST', '/proxies/a/toxics', body)
      expect(reply.status, reply.text).to.equal(400)
      for (const word of words) expect(reply.text).to.contain(word)
    }
    await reject(
      { type: 'latency', attributes: { latency: -1 } },
      'latency',
      'from 0 to 2147483647',
      'not -1',
    )
    await reject({ type: 'latency', attributes: { jitter: 1e15 } }, 'jitter')
    await reject({ type: 'mine', attributes: { hwo: 1 } }, 'mine has no hwo; nearest: how')
    await reject({ type: 'plain', attributes: { a: 1 } }, 'plain has no a; it has none')
    await reject({ type: 'bandwidth' }, 'rate of bandwidth', 'KB/s from 1')
    await reject({ type: 'latency', toxicity: 2 }, 'toxicity must be from 0 to 1')
    await reject({ type: 'latency', duration: -1 }, 'duration')
    expect(server.proxies()[0]?.toxics).to.deep.equal([])
  })

  it('applies an update of a toxic wholly or not at all', async () => {
    await using server = await start()
    await ask(server.url, 'POST', '/proxies', {
      name: 'a',
      upstream: UPSTREAM,
      toxics: [{ type: 'latency' }],
    })
    const change = { toxicity: 0.5, attributes: { latency: 5, jitter: -1 } }
    expect(await ask(server.url, 'PATCH', '/proxies/a/toxics/latency_downstream', change)).to.include({
      status: 400,
    })
    expect(server.proxies()[0]?.toxics[0]).to.deep.include({
      toxicity: 1,
      attributes: { latency: 0, jitter: 0 },
    })
  })

  it('takes toxics within proxies, and answers an empty list with an empty list', async () => {
    await using server = await start()
    const toxics = [
      { type: 'latency', attributes: { latency: 3 } },
      { type: 'noop', stream: 'upstream' },
    ]
    const created = await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM, toxics })
    expect((created.json as ProxyView).toxics.map(({ name }) => name)).to.deep.equal([
      'noop_upstream',
      'latency_downstream',
    ])
    const twice = { name: 'b', upstream: UPSTREAM, toxics: [{ type: 'noop' }, { type: 'noop' }] }
    expect(await ask(server.url, 'POST', '/populate', [twice])).to.include({ status: 409 })
    expect((await ask(server.url, 'POST', '/populate', [])).json).to.deep.equal({ proxies: [] })
    expect(server.proxies()).to.have.lengthOf(1)
  })

  it('ends a toxic and a disabling after their duration', async () => {
    await using server = await start()
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM })
    const begun = Date.now()
    const toxic = await ask(server.url, 'POST', '/proxies/a/toxics', { type: 'noop', duration: 50 })
    const down = await ask(server.url, 'POST', '/proxies/a', { enabled: false, duration: 50 })
    for (const { json } of [toxic, down]) {
      expect(Date.parse((json as { expires_at: string }).expires_at)).to.be.within(
        begun + 50,
        Date.now() + 50,
      )
    }
    const restored = () => server.proxies()[0]?.enabled && server.proxies()[0]?.toxics.length === 0
    await until('both have ended', () => restored() === true)
    expect(Date.now() - begun).to.be.at.least(49)
    expect(server.proxies()[0]).not.to.have.property('expires_at')
    const useless = await ask(server.url, 'POST', '/proxies/a', { duration: 50 })
    expect(useless.json).to.deep.include({ error: 'bad request body: duration needs enabled: false' })
  })

  it('makes a fault permanent by a duration of 0, and by nothing else', async () => {
    await using server = await start()
    const leased = { type: 'noop', duration: 300 }
    const toxics = [leased, { ...leased, name: 'populated' }, { ...leased, name: 'ends' }]
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: UPSTREAM, toxics })
    await ask(server.url, 'POST', '/proxies/a', { enabled: false, duration: 300 })
    const toxic = '/proxies/a/toxics/noop_downstream'
    // Clients send null for what they do not mean to change.
    const same = await ask(server.url, 'POST', toxic, { toxicity: 0.5, duration: null })
    expect(same.json).to.have.property('expires_at')
    const kept = await ask(server.url, 'PATCH', toxic, { duration: 0 })
    const down = await ask(server.url, 'PATCH', '/proxies/a', { duration: 0 })
    for (const { json } of [kept, down]) expect(json).not.to.have.property('expires_at')
    const [view] = server.proxies()
    const all = view?.toxics.map((one) => ({ ...one, ...(one.name === 'populated' && { duration: 0 }) }))
    await ask(server.url, 'POST', '/populate', [{ ...view, toxics: all }])
    const names = () => server.proxies()[0]?.toxics.map(({ name }) => name)
    await until('the other has ended', () => !names()?.includes('ends'))
    expect(names()).to.deep.equal(['noop_downstream', 'populated'])
    expect(server.proxies()[0]).to.include({ enabled: false })
    // Without an end from the start, too; and a proxy that is enabled has none.
    const added = await ask(server.url, 'POST', '/proxies/a/toxics', { type: 'latency', duration: 0 })
    expect(added.json).not.to.have.property('expires_at')
    expect((await ask(server.url, 'POST', '/proxies/a', { enabled: true, duration: 0 })).status).to.equal(200)
  })

  it('shows the evidence and the connections of a proxy', async () => {
    await using server = await start()
    using upstream = await new TestServer().listen()
    const toxics = [{ type: 'latency', stream: 'upstream', attributes: { latency: 5 } }]
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: upstream.address, toxics })
    const client = await dial(server.proxies()[0]?.listen ?? '')
    client.socket.write('evident')
    await (await upstream.peer(0)).read().receives('evident')
    const evidence = (await ask(server.url, 'GET', '/proxies/a/evidence')).json as EvidenceView
    expect(evidence.connections).to.include({ opened: 1, open: 1, closed: 0 })
    expect(evidence.lanes.upstream).to.deep.equal({ received: 7, sent: 7, held: 0, dropped: 0 })
    expect(evidence.toxics).to.include({ chunks_delayed: 1, bytes_delayed: 7 })
    expect(evidence.at).to.be.at.most(monotonicMs())
    const [connection] = (await ask(server.url, 'GET', '/proxies/a/connections')).json as ConnectionView[]
    expect(connection).to.deep.include({ id: 1, toxics: [{ name: 'latency_upstream', acted: true }] })
    expect(server.evidence('a')?.connections.cutByFault).to.equal(evidence.connections.cut_by_fault)
    expect(server.evidence('b')).to.equal(undefined)
    client.socket.destroy()
  })

  it('answers at once while a client has stopped reading', async () => {
    await using server = await start()
    using upstream = await new TestServer().listen()
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: upstream.address })
    const client = await dial(server.proxies()[0]?.listen ?? '')
    const opposite = await upstream.peer(0)
    opposite.socket.write(Buffer.alloc(2 ** 25))
    const stalled = async () =>
      ((await ask(server.url, 'GET', '/proxies/a/connections')).json as ConnectionView[])[0]?.stalled !==
      undefined
    while (!(await stalled()));
    const begun = monotonicMs()
    for (const type of ['latency', 'timeout', 'noop']) {
      expect(await ask(server.url, 'POST', '/proxies/a/toxics', { type })).to.include({ status: 200 })
    }
    expect(await ask(server.url, 'PATCH', '/proxies/a/toxics/noop_downstream', {})).to.include({
      status: 200,
    })
    for (const type of ['latency', 'noop', 'timeout']) {
      const removed = await ask(server.url, 'DELETE', `/proxies/a/toxics/${type}_downstream`)
      expect(removed.status).to.equal(204)
    }
    expect(await ask(server.url, 'DELETE', '/proxies/a')).to.include({ status: 204 })
    expect(monotonicMs() - begun).to.be.lessThan(1000)
    client.socket.destroy()
  })

  it('refuses what a web page may have sent', async () => {
    await using server = await start()
    const host = `127.0.0.1:${server.port}`
    expect(await statusOf(server.port, `Host: ${host}`)).to.equal(200)
    expect(await statusOf(server.port, 'Host: LOCALHOST:1')).to.equal(200)
    expect(await statusOf(server.port, 'Host: [::1]:8474')).to.equal(200)
    expect(await statusOf(server.port, 'Host: evil.example')).to.equal(403)
    expect(await statusOf(server.port, 'Host: 127.0.0.1.evil.example')).to.equal(403)
    expect(await statusOf(server.port, `Host: ${host}`, `Origin: http://${host}`)).to.equal(403)
    expect(await statusOf(server.port, `Host: ${host}`, 'Origin: null')).to.equal(403)
    expect(await statusOf(server.port, `Host: ${host}`, 'User-Agent: Mozilla/5.0')).to.equal(403)
  })

  it('closes at once, with everything that it had', async () => {
    const server = await start()
    using upstream = await new TestServer().listen()
    const toxics = [{ type: 'timeout', attributes: { timeout: 60_000 }, duration: 60_000 }]
    await ask(server.url, 'POST', '/proxies', { name: 'a', upstream: upstream.address, toxics })
    const client = (await dial(server.proxies()[0]?.listen ?? '')).read()
    await upstream.peer(0)
    const begun = monotonicMs()
    await server.close()
    expect(monotonicMs() - begun).to.be.lessThan(1000)
    await client.isEndedWith(client)
    expect(server.proxies()).to.deep.equal([])
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).to.be.lessThan(3)
  })
})

describe('the table of errors', () => {
  it('has each text once', () => {
    const texts = Object.values(apiErrors).map(({ text }) => text)
    expect(new Set(texts.filter(Boolean)).size).to.equal(texts.filter(Boolean).length)
  })
})

/** The status of a plain request with these headers. */
function statusOf(port: number, ...headers: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.once('data', (bytes) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(bytes.toString())?.[1]))
      socket.destroy()
    })
    socket.write(['GET /proxies HTTP/1.1', ...headers, '', ''].join('\r\n'))
  })
}
