import { expect } from 'chai'
import { rig, until } from './rig.helper.ts'

describe('a proxy that is frozen', () => {
  it('lets nothing leave, and all in order once it is thawed', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.write('a')
    await server.receives('a')
    const frozen = it.proxy.freeze()
    client.socket.write('b')
    server.socket.write('c')
    const late = await it.connect()
    late.client.socket.write('d')
    await until('what comes while it is frozen waits', () => it.proxy.connections().length === 2)
    expect([server.received.toString(), client.received.toString()]).to.deep.equal(['a', ''])
    client.socket.end()
    frozen.thaw()
    await server.receives('ab')
    await client.receives('c')
    await late.server.receives('d')
    await server.hasEnded()
  })

  it('loses what could not leave where it is told to, and resets both ends', async () => {
    using it = await rig()
    const { client, server } = await it.connect()
    client.socket.write('a')
    await server.receives('a')
    const frozen = it.proxy.freeze()
    client.socket.write('b')
    frozen.drop('trigger')
    await client.isReset()
    await server.isReset()
    expect(server.received.toString()).to.equal('a')
    await until('the proxy tells why', () => it.proxy.evidence().cuts.length === 1)
    expect(it.proxy.evidence().cuts[0]?.by).to.equal('trigger')
  })
})
