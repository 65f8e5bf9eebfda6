import { expect } from 'chai'
import { connect } from 'node:net'
import { ListenError } from './listener.ts'
import { changesIn, delay, dial, portOf, rig, spec, swallow, TestServer, until } from './rig.helper.ts'

/** The code of the error that dialling gives. */
const refused = (address: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(portOf(address), '127.0.0.1', () => resolve(socket.destroy() && undefined))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })

/** What a promise was rejected with. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

describe('a proxy', () => {
  it('disabled, drops its connections, refuses new ones, and is back on the same port', async () => {
    using it = await rig()
    const { listen } = it.proxy
    const { client, server } = await it.connect()
    client.socket.write('x'.repeat(10_000))
    await until('it has come', () => server.received.length === 10_000)
    await it.proxy.update({ enabled: false })
    await client.isEndedWith(server)
    expect(await refused(listen)).to.equal('ECONNREFUSED')
    expect(it.proxy.evidence().connections).to.include({ cutByFault: 1 })
    expect(it.proxy.evidence().cuts[0]).to.include({ by: 'disabled', upstreamBytes: 10_000 })
    expect(it.proxy.evidence().toxics.connectionsCut).to.equal(0)
    await it.proxy.update({ enabled: true })
    expect(it.proxy.listen).to.equal(listen)
    expect(await refused(listen)).to.equal(undefined)
  })

  it('is enabled again by its lease', async () => {
    using it = await rig()
    const begun = Date.now()
    await it.proxy.update({ enabled: false, durationMs: 40 })
    expect(it.proxy.expiresAt?.getTime()).to.be.at.least(begun + 40)
    await until('it is enabled', () => it.proxy.enabled)
    expect(Date.now() - begun).to.be.at.least(39)
    expect(it.proxy.expiresAt).to.equal(undefined)
    await until('it is told', () => it.events.some(({ kind }) => kind === 'disabling.expired'))
    expect(changesIn(it.events)).to.deep.equal(['disabled', 'disabling.expired'])
  })

  it('tells each change of its faults, whatever made it, and not with what it was made', async () => {
    using it = await rig([spec(swallow)])
    const [{ name, listen, upstream }, slow] = [it.proxy, spec(delay, { attributes: { ms: 1 } })]
    it.proxy.toxics.add(slow)
    it.proxy.toxics.update('delay', { toxicity: 0.5 })
    await it.proxies.populate([{ name, listen, upstream, enabled: false, toxics: [slow] }])
    await it.proxy.update({ enabled: false, durationMs: 60_000 })
    await it.proxies.reset()
    await it.proxy.update({ enabled: true })
    it.proxies.remove(name)
    expect(changesIn(it.events)).to.deep.equal([
      'toxic.added delay',
      'toxic.updated delay',
      'disabled',
      'toxic.removed swallow',
      'toxic.removed delay',
      'toxic.added delay',
      'disabled',
      'toxic.removed delay',
      'enabled',
      'removed',
    ])
    const leases = it.events.flatMap((event) => (event.kind === 'disabled' ? [event.expiresAt] : []))
    expect(leases.map((lease) => lease instanceof Date)).to.deep.equal([false, true])
    it.proxies.close()
    expect(it.events.at(-1)?.kind).to.equal('removed')
  })

  it('has its lease ended by what is asked later', async () => {
    using it = await rig()
    await it.proxy.update({ enabled: false, durationMs: 30 })
    await it.proxy.update({ enabled: false })
    expect(it.proxy.expiresAt).to.equal(undefined)
    using other = await rig()
    await other.proxy.update({ enabled: false, durationMs: 30 })
    await until('the other has come back', () => other.proxy.enabled)
    expect(it.proxy.enabled).to.equal(false)
  })

  it('whose port was taken meanwhile comes back when it is free', async () => {
    using it = await rig()
    const { listen } = it.proxy
    await it.proxy.update({ enabled: false, durationMs: 20 })
    const thief = await it.proxies.create({ name: 'thief', listen, upstream: it.server.address })
    await until('it was tried', () =>
      it.events.some((event) => event.kind === 'failed' && event.what === 'lease'),
    )
    expect(it.proxy.enabled).to.equal(false)
    it.proxies.remove(thief.name)
    await until('it is enabled', () => it.proxy.enabled)
  })

  it('moves, drops its connections and keeps its toxics', async () => {
    using it = await rig([spec(delay, { attributes: { ms: 1 } })])
    const { listen } = it.proxy
    const { client, server } = await it.connect()
    await it.proxy.update({ listen: 'localhost:0' })
    await client.isEndedWith(server)
    expect(it.proxy.listen)
      .to.match(/^127\.0\.0\.1:\d+$/)
      .and.not.equal(listen)
    expect(await refused(listen)).to.equal('ECONNREFUSED')
    expect(it.proxy.evidence().cuts[0]).to.include({ by: 'closed by API' })
    expect(it.proxy.evidence().connections.cutByFault).to.equal(0)
    const moved = await it.connect()
    expect(it.proxy.connections()[0]?.toxics).to.have.lengthOf(1)
    using elsewhere = await new TestServer().listen()
    await it.proxy.update({ upstream: elsewhere.address })
    await moved.client.isEndedWith(moved.server)
    const redirected = await dial(it.proxy.listen)
    redirected.socket.write('there')
    await (await elsewhere.peer(0)).read().receives('there')
    redirected.socket.destroy()
  })

  it('is left as it was by a change that fails', async () => {
    using it = await rig()
    using taken = await new TestServer().listen()
    const { listen, upstream } = it.proxy
    const { client, server } = await it.connect()
    const error = await failure(it.proxy.update({ listen: taken.address, upstream: '127.0.0.1:1' }))
    expect(error).to.be.instanceOf(ListenError)
    expect(String(error)).to.contain(`listen tcp ${taken.address}: bind: address already in use`)
    expect(it.proxy).to.include({ listen, upstream, enabled: true })
    client.socket.write('still here')
    await server.receives('still here')
    const wider = await failure(it.proxy.update({ listen: `192.0.2.1:${portOf(listen)}` }))
    expect(String(wider)).to.contain('bind: cannot assign requested address')
    expect(it.proxy).to.include({ listen, enabled: true })
    client.socket.write(', still')
    await server.receives('still here, still')
  })

  it('does not move to where it is', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    await it.proxy.update({ listen: it.proxy.listen, upstream: it.proxy.upstream, enabled: true })
    await it.proxy.update({ listen: `localhost:${portOf(it.proxy.listen)}` })
    client.socket.write('untouched')
    await server.receives('untouched')
  })

  it('numbers its connections and shows whose they are', async () => {
    using it = await rig()
    const first = await it.connect()
    await it.connect()
    first.client.socket.write('abc')
    await first.server.receives('abc')
    const [view] = it.proxy.connections()
    expect(it.proxy.connections().map(({ id }) => id)).to.deep.equal([1, 2])
    expect(view).to.include({
      client: `127.0.0.1:${first.client.socket.localPort}`,
      upstreamLocal: `127.0.0.1:${first.server.socket.remotePort}`,
      upstreamBytes: 3,
      downstreamBytes: 0,
    })
  })
})

describe('the proxies', () => {
  it('are populated wholly or not at all', async () => {
    using it = await rig([spec(swallow)])
    using taken = await new TestServer().listen()
    const { listen } = it.proxy
    const upstream = it.server.address
    const error = await failure(
      it.proxies.populate([
        { name: 'new', upstream },
        { name: 'p', upstream: '127.0.0.1:1', listen: '127.0.0.1:0', enabled: false, toxics: [] },
        { name: 'unlucky', upstream, listen: taken.address },
      ]),
    )
    expect(error).to.be.instanceOf(ListenError)
    expect(it.proxies.list().map(({ name }) => name)).to.deep.equal(['p'])
    expect(it.proxy).to.include({ listen, upstream, enabled: true })
    expect(it.proxy.toxics.list().map(({ name }) => name)).to.deep.equal(['swallow'])
  })

  it('that are as they are asked to be are left alone', async () => {
    using it = await rig([spec(swallow)])
    await it.connect()
    const { name, listen, upstream } = it.proxy
    await it.proxies.populate([{ name, listen, upstream }])
    await it.proxies.populate([{ name, listen, upstream, toxics: [spec(swallow)] }])
    expect(it.proxy.evidence().connections).to.include({ open: 1, closed: 0 })
    await it.proxies.populate([{ name, listen, upstream, toxics: [spec(delay, { attributes: { ms: 1 } })] }])
    expect(it.proxy.toxics.list().map(({ name }) => name)).to.deep.equal(['delay'])
  })

  it('whose toxics are as they are asked to be keep them, with their leases renewed', async () => {
    using it = await rig([spec(swallow, { durationMs: 60_000 })])
    const { client } = await it.connect()
    const { name, listen, upstream } = it.proxy
    const leased = (durationMs: number) => ({
      name,
      listen,
      upstream,
      toxics: [spec(swallow, { durationMs })],
    })
    client.socket.write('gone')
    await until('it has acted', () => it.proxy.evidence().toxics.bytesDropped === 4)
    await it.proxies.populate([leased(120_000)])
    expect(it.proxy.toxics.list()[0]?.expiresAt?.getTime()).to.be.above(Date.now() + 60_000)
    expect(changesIn(it.events)).to.deep.equal(['toxic.updated swallow'])
    await it.proxies.populate([leased(20)])
    await until('the lease has ended', () => it.proxy.toxics.list().length === 0)
    await client.hasEnded()
    expect(changesIn(it.events).slice(1)).to.deep.equal(['toxic.updated swallow', 'toxic.expired swallow'])
  })

  it('are left alone by a populate that fails', async () => {
    using it = await rig([spec(swallow, { durationMs: 60_000 })])
    using taken = await new TestServer().listen()
    await it.connect()
    const { name, listen, upstream } = it.proxy
    const expiresAt = it.proxy.toxics.list()[0]?.expiresAt
    const unlucky = { name: 'unlucky', upstream, listen: taken.address }
    for (const toxics of [undefined, [spec(swallow)], [spec(swallow, { durationMs: 120_000 })]])
      expect(
        await failure(it.proxies.populate([{ name, listen, upstream, toxics }, unlucky])),
      ).to.be.instanceOf(ListenError)
    expect(it.proxy.evidence().connections).to.include({ open: 1, closed: 0 })
    expect(it.proxy.toxics.list()[0]?.expiresAt).to.equal(expiresAt)
    expect(changesIn(it.events)).to.deep.equal([])
  })

  it('are populated by two at once, one after the other', async () => {
    using it = await rig()
    const upstream = it.server.address
    const list = ['a', 'b'].map((name) => ({ name, upstream }))
    const all = await Promise.all([it.proxies.populate(list), it.proxies.populate(list), it.proxies.reset()])
    expect(all[0]).to.deep.equal(all[1])
    expect(it.proxies.list().map(({ name }) => name)).to.deep.equal(['p', 'a', 'b'])
    const twice = await failure(
      Promise.all([
        it.proxies.populate([{ name: 'c', upstream }]),
        it.proxies.create({ name: 'c', upstream }),
      ]),
    )
    expect(String(twice)).to.contain('proxy c already exists')
  })

  it('can be deleted while they are populated, which waits for nothing', async () => {
    using it = await rig()
    const { name, upstream } = it.proxy
    const toxics = [spec(swallow, { durationMs: 60_000 })]
    const moved = it.proxies.populate([
      { name, listen: '127.0.0.1:0', upstream, toxics },
      { name: 'b', upstream },
    ])
    await Promise.resolve()
    expect(it.proxies.remove(name)).to.equal(true)
    expect((await moved).map((proxy) => proxy.name)).to.deep.equal(['p', 'b'])
    expect(it.proxy.enabled).to.equal(false)
    expect(it.proxy.toxics.list()).to.deep.equal([])
    expect(it.proxies.list().map((proxy) => proxy.name)).to.deep.equal(['b'])
  })

  it('have their toxics before their first connection, and lose them by a lease', async () => {
    using it = await rig([spec(swallow, { durationMs: 30 })])
    const { client, server } = await it.connect()
    client.socket.write('lost')
    expect(it.proxy.toxics.list()[0]?.expiresAt).to.be.instanceOf(Date)
    await client.isEndedWith(server)
    expect(server.received.length).to.equal(0)
    expect(it.proxy.toxics.list()).to.deep.equal([])
    expect(changesIn(it.events)).to.deep.equal(['toxic.expired swallow'])
  })

  it('are reset: every toxic gone, every proxy enabled', async () => {
    using it = await rig([spec(swallow)])
    await it.proxy.update({ enabled: false })
    await it.proxies.reset()
    expect(it.proxy.enabled).to.equal(true)
    expect(it.proxy.toxics.list()).to.deep.equal([])
  })
})
