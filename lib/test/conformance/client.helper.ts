import { expect } from 'chai'
import { Toxiproxy } from 'toxiproxy-node-client'
import type { Serving } from './servers.helper.ts'

const UPSTREAM = '127.0.0.1:9'

/** What toxiproxy-node-client 4.1 makes of the answers. */
export function clientContract(serving: Serving): void {
  const client = () => new Toxiproxy(serving.url)
  const make = (name: string) => client().createProxy({ name, listen: 'localhost:0', upstream: UPSTREAM })

  it('makes, updates, populates, resets and removes', async () => {
    expect(JSON.parse(await client().getVersion())).to.have.keys('version')
    const proxy = await make('a')
    expect(proxy).to.include({ name: 'a', enabled: true, upstream: UPSTREAM })
    expect(proxy.listen).to.match(/^127\.0\.0\.1:[1-9]\d*$/)
    const { listen } = proxy
    expect((await proxy.update({ enabled: false, listen, upstream: UPSTREAM })).enabled).to.equal(false)
    await client().reset()
    expect(Object.keys(await client().getAll())).to.deep.equal(['a'])
    expect((await client().get('a')).enabled).to.equal(true)
    const others = await client().populate([{ name: 'b', listen: 'localhost:0', upstream: UPSTREAM }])
    expect(Object.values(others).map(({ name }) => name)).to.deep.equal(['b'])
    await (await client().get('b')).remove()
    expect(await client().get('b').then(String, String)).to.contain('404')
  })

  it('adds, changes and removes toxics', async () => {
    const proxy = await make('a')
    const attributes = { latency: 5, jitter: 0 }
    const given = { name: 'slow', stream: 'upstream', type: 'latency', toxicity: 1, attributes } as const
    const toxic = await proxy.addToxic(given)
    expect(toxic.toJson()).to.deep.equal(given)
    const changed = await toxic.update({ ...given, attributes: { latency: 9, jitter: 1 } })
    expect(changed.attributes).to.deep.equal({ latency: 9, jitter: 1 })
    expect(await proxy.addToxic(given).then(String, String)).to.contain('409')
    await (await proxy.getToxic('slow')).remove()
    expect(await proxy.getToxic('slow').then(String, String)).to.contain('404')
  })
}
