import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseDestination } from './address.ts'
import { dial, portOf, rig, until } from './rig.helper.ts'

/** The system's code, or undefined if it was accepted. */
async function refusal(address: string): Promise<string | undefined> {
  const socket = connect(portOf(address), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    socket.destroy()
  }
}

async function awaitRefusal(address: string, code: string | undefined): Promise<void> {
  let last: string | undefined | symbol = Symbol('not asked')
  const ask = async (): Promise<void> => {
    last = await refusal(address)
    if (last !== code) setImmediate(() => void ask())
  }
  void ask()
  await until(`clients see ${code ?? 'an open port'}`, () => last === code)
}

describe('a client whose upstream takes no connection', () => {
  it('is reset, unless told otherwise', async () => {
    using it = await rig()
    it.server[Symbol.dispose]()
    const client = await dial(it.proxy.listen)
    await client.read().isReset()
  })

  it('is accepted and closed where that is asked for', async () => {
    using it = await rig()
    await it.proxy.update({ onUpstreamError: 'accept' })
    it.server[Symbol.dispose]()
    const client = await dial(it.proxy.listen)
    await client.read().hasEnded()
    expect(client.error).to.equal(undefined)
    expect(it.proxy.evidence().connections).to.include({ dialsFailed: 1, open: 0 })
    client.socket.destroy()
  })

  it('is refused where that is asked for, until the upstream is there again', async () => {
    using it = await rig()
    await it.proxy.update({ onUpstreamError: 'refuse' })
    const { client, server } = await it.connect()
    const { address } = it.server
    it.server[Symbol.dispose]()
    await awaitRefusal(it.proxy.listen, 'ECONNREFUSED')
    expect(it.proxy.enabled).to.equal(true)
    const again = createServer().listen(portOf(address), '127.0.0.1')
    try {
      await awaitRefusal(it.proxy.listen, undefined)
    } finally {
      again.close()
    }
    client.socket.destroy()
    server.socket.destroy()
  })

  it('is refused no longer when that is no longer asked for', async () => {
    using it = await rig()
    it.server[Symbol.dispose]()
    await it.proxy.update({ onUpstreamError: 'refuse' })
    await awaitRefusal(it.proxy.listen, 'ECONNREFUSED')
    await it.proxy.update({ onUpstreamError: 'reset' })
    await awaitRefusal(it.proxy.listen, undefined)
    await it.proxy.update({ enabled: false })
    expect(await refusal(it.proxy.listen)).to.equal('ECONNREFUSED')
  })
})

describe('an upstream', () => {
  it('may be a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crosswind-'))
    const path = join(folder, 'service.sock')
    const service = createServer((socket) => socket.end('hello')).listen(path)
    await once(service, 'listening')
    using it = await rig()
    try {
      await it.proxy.update({ upstream: `unix:${path}` })
      const client = await dial(it.proxy.listen)
      await client.read().receives('hello')
      expect(it.proxy.connections().map(({ upstreamLocal }) => upstreamLocal)).to.deep.equal([`unix:${path}`])
      client.socket.destroy()
    } finally {
      service.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('is an address or the path of a Unix socket', () => {
    expect(parseDestination('unix:/run/a b.sock')).to.deep.equal({ path: '/run/a b.sock' })
    expect(parseDestination('[::1]:80')).to.deep.equal({ host: '::1', port: 80 })
    for (const text of ['unix:', 'unix:relative', '/run/x.sock', 'host', 'unix:/a\0b'])
      expect(parseDestination(text), text).to.equal(undefined)
  })
})
