import { expect } from 'chai'
import { startToxiproxy } from '../api/server.ts'
import { ToxiproxyApi } from '../scenario/toxiproxy.ts'
import { UsageError } from '../util/errors.ts'
import { toxics } from '../../toxics/index.ts'
import {
  addEverywhere,
  checkCarries,
  checkLease,
  linksByHand,
  matching,
  removeEverywhere,
  setEverywhere,
  toxicRequests,
  updateEverywhere,
  type LinksByHand,
  type ToxicWords,
} from './by-hand.ts'

const LINKS = ['api-1.postgres', 'engine-1.rabbitmq', 'executor-1.rabbitmq', 'executor-2.rabbitmq']

describe('the links that somebody means', () => {
  it('are those that the glob matches', () => {
    expect(matching('executor-*.rabbitmq', LINKS)).to.deep.equal(LINKS.slice(2))
    expect(matching('{api,engine}-*.*', LINKS)).to.deep.equal(LINKS.slice(0, 2))
    expect(matching('*', LINKS)).to.deep.equal(LINKS)
    expect(matching(undefined, LINKS)).to.deep.equal(LINKS)
    expect(matching('engine-1.rabbitmq', LINKS)).to.deep.equal([LINKS[1]])
  })

  it('are named where none matches', () => {
    expect(() => matching('exeutor-1.rabbitmq', LINKS)).to.throw(UsageError, 'nearest: executor-1.rabbitmq')
  })
})

const words = (change: Partial<ToxicWords>): ToxicWords => ({
  type: 'latency',
  attributes: [],
  toxicity: 1,
  ...change,
})

describe('a toxic as people type it', () => {
  it('is one for each stream, with its attributes and its lease', () => {
    const typed = words({ attributes: ['latency=0.5s', 'jitter=20'], forMs: 3000 })
    const common = { type: 'latency', toxicity: 1, attributes: { latency: 500, jitter: 20 }, duration: 3000 }
    expect(toxicRequests(typed, true)).to.deep.equal([
      { ...common, name: 'latency_upstream', stream: 'upstream' },
      { ...common, name: 'latency_downstream', stream: 'downstream' },
    ])
    expect(toxicRequests(words({ stream: 'downstream' }), true)).to.have.length(1)
  })

  it('has words where its attributes are words', () => {
    const typed = words({ type: 'bandwidth', attributes: ['rate=5', 'scope=proxy'], stream: 'upstream' })
    expect(toxicRequests(typed, true)[0]?.attributes).to.deep.equal({ rate: 5, scope: 'proxy' })
  })

  it('is refused with the nearest type or attribute, or what a value may be', () => {
    const wrong: [Partial<ToxicWords>, string][] = [
      [{ type: 'latncy' }, 'unknown toxic "latncy"; nearest: latency'],
      [{ attributes: ['latenci=1'] }, 'latency has no latenci; nearest: latency'],
      [{ attributes: ['latenci=fast'] }, 'latency has no latenci; nearest: latency'],
      [{ type: 'amqp_drop', attributes: ['cal=run_action'] }, 'amqp_drop has no cal; nearest: call'],
      [{ attributes: ['latency=fast'] }, 'latency of latency is a number, not "fast"'],
      [{ attributes: ['latency'] }, 'key=value, not "latency"'],
      [{ type: 'bandwidth', attributes: ['rate=0'] }, 'from 1 to'],
      [
        { type: 'timeout', attributes: ['mode=busy'] },
        'mode of timeout must be idle or absolute, not "busy"',
      ],
      [{ type: 'bandwidth' }, 'rate of bandwidth must be'],
    ]
    for (const [change, text] of wrong)
      expect(() => toxicRequests(words(change), true), text).to.throw(UsageError, text)
  })

  it('of a kind that only its server knows has numbers and words', () => {
    const typed = words({ type: 'mine', attributes: ['a=1', 'b=word'], stream: 'upstream' })
    expect(toxicRequests(typed, false)[0]?.attributes).to.deep.equal({ a: 1, b: 'word' })
  })

  it('of a real Toxiproxy is left to that to check', () => {
    const typed = words({ type: 'limit_data', attributes: ['bytes=10'] })
    expect(toxicRequests(typed, false)[0]).to.deep.include({ type: 'limit_data', attributes: { bytes: 10 } })
  })
})

/** Two proxies on a server of their own. */
async function served(): Promise<LinksByHand & AsyncDisposable & { read(): Promise<LinksByHand> }> {
  const server = await startToxiproxy({ toxics, seed: 'test' })
  const api = new ToxiproxyApi(server.url)
  for (const name of ['engine-1.rabbitmq', 'engine-2.rabbitmq']) await api.createProxy(name, '127.0.0.1:1')
  const read = async (): Promise<LinksByHand> => ({
    api,
    real: false,
    checked: true,
    proxies: new Map(Object.entries(await api.proxies())),
  })
  return { ...(await read()), read, [Symbol.asyncDispose]: () => server.close() }
}

const toxicNames = ({ proxies }: LinksByHand): string[] =>
  [...proxies.values()].flatMap(({ name, toxics }) => toxics.map((toxic) => `${name} ${toxic.name}`))

/** On which streams a toxic is set that is asked for without attributes. */
const streams = (type: string, more: object = {}): string[] =>
  toxicRequests(words({ type, attributes: [], ...more }), true).map(({ stream }) => stream)

describe('a toxic on messages, by hand', () => {
  it('is set on the stream on which it usually strikes, unless told', () => {
    expect(streams('amqp_drop')).to.deep.equal(['downstream'])
    expect(streams('amqp_drop', { stream: 'upstream' })).to.deep.equal(['upstream'])
    expect(streams('amqp_ack')).to.deep.equal(['upstream'])
    expect(streams('amqp_ack', { attributes: ['what=confirm'] })).to.deep.equal(['downstream'])
    expect(streams('amqp_drop', { attributes: ['method=basic.publish'] })).to.deep.equal(['upstream'])
    expect(streams('pg_error')).to.deep.equal(['upstream'])
    expect(() => streams('pg_error', { stream: 'downstream' })).to.throw(
      'pg_error on downstream; upstream it can strike',
    )
    expect(() => streams('amqp_drop', { attributes: ['method=basic.get-ok'] })).to.throw(
      'upstream it can strike basic.publish; downstream it can strike basic.deliver',
    )
  })
})

describe('a toxic on messages, on links of a cluster', () => {
  it('is refused where none of its messages pass', async () => {
    await using links = await served()
    expect(() => checkCarries(links, 'pg_error')).to.throw(
      UsageError,
      'pg_error strikes nothing on engine-1.rabbitmq, engine-2.rabbitmq: name links to postgres',
    )
    for (const type of ['amqp_drop', 'latency', 'mine'])
      expect(() => checkCarries(links, type)).to.not.throw()
    // What the proxies of another server carry is not known.
    expect(() => checkCarries({ ...links, checked: false }, 'pg_error')).to.not.throw()
  })

  it('is for our own server where a real Toxiproxy is in front of it', async () => {
    await using links = await served()
    const behind = { ...links, real: true, checked: false, behind: 'http://127.0.0.1:9' }
    expect(() => checkCarries(behind, 'amqp_drop')).to.throw(
      UsageError,
      'a real Toxiproxy has no amqp_drop; our own proxy behind it does: add --url http://127.0.0.1:9',
    )
    expect(() => checkCarries(behind, 'latency')).to.not.throw()
  })
})

describe('a fault by hand on several links', () => {
  it('is added to each and removed by its type', async () => {
    await using links = await served()
    await addEverywhere(links, toxicRequests(words({}), true))
    expect(toxicNames(await links.read())).to.have.length(4)
    expect(await removeEverywhere(await links.read(), 'latency')).to.equal(4)
    expect(toxicNames(await links.read())).to.deep.equal([])
  })

  it('is on none of them if one has such a toxic already, and says which', async () => {
    await using links = await served()
    const [request] = toxicRequests(words({ stream: 'upstream' }), true)
    if (request === undefined) throw new Error('no request')
    await links.api.addToxic('engine-2.rabbitmq', request)
    const refused = addEverywhere(await links.read(), [request]).catch(String)
    expect(await refused).to.include('engine-2.rabbitmq has a toxic latency_upstream already')
    expect(toxicNames(await links.read())).to.deep.equal(['engine-2.rabbitmq latency_upstream'])
  })

  it('is undone where it was added if the server refuses it on another', async () => {
    await using links = await served()
    await links.api.removeProxy('engine-2.rabbitmq')
    const refused = addEverywhere(links, toxicRequests(words({}), true)).catch(String)
    expect(await refused).to.include('proxy not found')
    expect(toxicNames(await links.read())).to.deep.equal([])
  })

  it('is updated on each, and what is not named stays', async () => {
    await using links = await served()
    const typed = words({ attributes: ['latency=5', 'jitter=1'], toxicity: 0.5, stream: 'upstream' })
    await addEverywhere(links, toxicRequests(typed, true))
    const shown = async () => [...(await links.read()).proxies.values()].map(({ toxics: there }) => there[0])
    const updated = await updateEverywhere(await links.read(), 'latency', { attributes: ['latency=0.2s'] })
    expect(updated).to.deep.equal([
      'latency_upstream on engine-1.rabbitmq',
      'latency_upstream on engine-2.rabbitmq',
    ])
    for (const toxic of await shown())
      expect(toxic).to.deep.include({ toxicity: 0.5, attributes: { latency: 200, jitter: 1 } })
    const typo = updateEverywhere(await links.read(), 'latency', { attributes: ['jiter=2'] })
    expect(await typo.catch(String)).to.contain('latency has no jiter; nearest: jitter')
    await updateEverywhere(await links.read(), 'latency_upstream', {
      attributes: [],
      toxicity: 1,
      forMs: 60_000,
    })
    for (const toxic of await shown()) {
      expect(toxic).to.deep.include({ toxicity: 1, attributes: { latency: 200, jitter: 1 } })
      expect(toxic).to.have.property('expires_at')
    }
  })

  it('is as it was on every link if the server refuses an update on one', async () => {
    await using links = await served()
    await addEverywhere(links, toxicRequests(words({ stream: 'upstream' }), true))
    const seen = await links.read()
    await links.api.removeProxy('engine-2.rabbitmq')
    const refused = updateEverywhere(seen, 'latency', { attributes: ['latency=9'] }).catch(String)
    expect(await refused).to.include('proxy not found')
    const [left] = (await links.read()).proxies.values()
    expect(left?.toxics[0]?.attributes).to.deep.equal({ latency: 0, jitter: 0 })
  })

  it('is chosen on any server by its URL, ours or a real one', async () => {
    await using links = await served()
    const byUrl = await linksByHand('*-2.*', { url: links.api.url })
    expect([...byUrl.proxies.keys()]).to.deep.equal(['engine-2.rabbitmq'])
    expect(byUrl).to.include({ real: false, checked: false })
    const both = linksByHand('*', { url: links.api.url, cluster: 'main' }).catch(String)
    expect(await both).to.include('either --url or --cluster')
  })

  it('has the nearest names for a toxic that is not there', async () => {
    await using links = await served()
    await addEverywhere(links, toxicRequests(words({}), true))
    expect(await removeEverywhere(await links.read(), 'latensy').catch(String)).to.include('latency_upstream')
  })

  it('takes every link down and up', async () => {
    await using links = await served()
    const enabled = async () => [...(await links.read()).proxies.values()].map((proxy) => proxy.enabled)
    await setEverywhere(links, false, 60_000)
    expect(await enabled()).to.deep.equal([false, false])
    expect([...(await links.read()).proxies.values()].every((proxy) => proxy.expires_at)).to.equal(true)
    await setEverywhere(await links.read(), true, undefined)
    expect(await enabled()).to.deep.equal([true, true])
  })

  it('has no length of its own at a real Toxiproxy', async () => {
    await using links = await served()
    expect(() => checkLease({ real: true }, 1000)).to.throw(UsageError, 'leave --for out')
    expect(() => checkLease({ real: true }, undefined)).not.to.throw()
    expect(() => checkLease(links, 1000)).not.to.throw()
  })
})
