import { expect } from 'chai'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import { toxics } from '../../toxics/index.ts'
import { messageOf } from '../util/errors.ts'
import { freePort } from '../util/ports.ts'
import { swallowedBytes, ToxiproxyApi } from './toxiproxy.ts'

const UPSTREAM = '127.0.0.1:9'

describe('A Toxiproxy that is shared', () => {
  let server: RunningToxiproxy
  let ours: ToxiproxyApi
  let others: ToxiproxyApi

  beforeEach(async () => {
    server = await startToxiproxy({ toxics, seed: 'shared' })
    ours = new ToxiproxyApi(server.url)
    others = new ToxiproxyApi(server.url)
    for (const name of ['a', 'b']) await ours.createProxy(name, UPSTREAM)
    await others.createProxy('c', UPSTREAM)
  })

  afterEach(() => server.close())

  const strike = async (proxy: string) => {
    for (const stream of ['upstream', 'downstream'] as const)
      await others.addToxic(proxy, { name: stream, type: 'noop', stream, toxicity: 1, attributes: {} })
    await others.setEnabled(proxy, false)
  }
  const faults = () =>
    server.proxies().map(({ name, enabled, toxics }) => `${name}: ${enabled} ${toxics.length}`)

  it('is freed of the faults on what we have laid, whoever set them, and of no others', async () => {
    for (const proxy of ['a', 'c']) await strike(proxy)
    await ours.freeLaid()
    expect(faults()).to.deep.equal(['a: true 0', 'b: true 0', 'c: false 2'])
  })

  it('loses what we have laid, and nothing else', async () => {
    await ours.removeLaid()
    expect(faults()).to.deep.equal(['c: true 0'])
  })

  it('keeps what others have laid under a name of ours, and what we laid twice goes once', async () => {
    for (const name of ['a', 'b']) await ours.removeProxy(name)
    await others.createProxy('a', UPSTREAM)
    await ours.createProxy('b', UPSTREAM)
    await strike('a')
    await ours.freeLaid()
    await ours.removeLaid()
    expect(faults()).to.deep.equal(['c: true 0', 'a: false 2'])
  })
})

describe('A name of any letters', () => {
  it('stands in a path as one part', async () => {
    await using server = await startToxiproxy({ toxics, seed: 'names' })
    const [proxy, toxic] = ['a/b c?', '50% off']
    await server.populate([{ name: proxy, upstream: UPSTREAM, toxics: [{ type: 'noop', name: toxic }] }])
    const api = new ToxiproxyApi(server.url)
    expect(await api.connections(proxy)).to.deep.equal([])
    await api.removeToxic(proxy, toxic)
    expect(server.proxies()[0]?.toxics).to.deep.equal([])
  })
})

/** The error of one that is not there. */
async function told(...server: ['our own proxy server'?]): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  const error = await new ToxiproxyApi(url, ...server).version().catch((reason: unknown) => reason)
  return messageOf(error).replace(url, 'URL')
}

describe('A server that does not answer', () => {
  it('is called by its name, and ours is not called a Toxiproxy', async () => {
    expect(await told()).to.match(/^Toxiproxy at URL does not answer: /)
    expect(await told('our own proxy server')).to.match(/^our own proxy server at URL does not answer: /)
  })
})

/** A line of a real Toxiproxy's metrics. */
const line = (word: string, direction: string, proxy: string, bytes: string) =>
  `toxiproxy_proxy_${word}_bytes_total{direction="${direction}",listener="127.0.0.1:1",proxy="${proxy}",upstream="127.0.0.1:2"} ${bytes}`

describe('What a real Toxiproxy has swallowed', () => {
  it('is what it received and did not send, of each proxy', () => {
    const metrics = [
      '# TYPE toxiproxy_proxy_received_bytes_total counter',
      line('received', 'upstream', 'a.b', '177'),
      line('received', 'downstream', 'a.b', '1.25e+06'),
      line('sent', 'upstream', 'a.b', '100'),
      line('sent', 'downstream', 'a.b', '1.2e+06'),
      line('received', 'upstream', 'c.d', '5'),
      line('sent', 'upstream', 'c.d', '5'),
    ]
    expect(swallowedBytes(metrics.join('\n'))).to.deep.equal(
      new Map([
        ['a.b', 50_077],
        ['c.d', 0],
      ]),
    )
    expect(swallowedBytes('promhttp_metric_handler_errors_total{cause="encoding"} 0\n')).to.deep.equal(
      new Map(),
    )
  })
})
