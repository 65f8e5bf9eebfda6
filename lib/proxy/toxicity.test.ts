import { expect } from 'chai'
import { delay, rig, spec, type Rig } from './rig.helper.ts'

/** Which connections have the toxic. */
const chosenOf = ({ proxy }: Pick<Rig, 'proxy'>, name = 'delay') =>
  proxy
    .connections()
    .filter(({ toxics }) => toxics.some((toxic) => toxic.name === name))
    .map(({ id }) => id)

async function chosen(seed: string): Promise<number[]> {
  using it = await rig([spec(delay, { attributes: { ms: 1 }, toxicity: 0.5 })], { seed })
  for (let n = 0; n < 24; n += 1) await it.connect()
  return chosenOf(it)
}

const half = (name: string) => spec(delay, { name, attributes: { ms: 1 }, toxicity: 0.5 })

describe('toxicity', () => {
  it('chooses the same connections for the same seed', async () => {
    const first = await chosen('one')
    expect(first.length).to.be.within(4, 20)
    expect(await chosen('one')).to.deep.equal(first)
    expect(await chosen('two')).not.to.deep.equal(first)
  })

  it('is not decided again by other changes, and moves with its own', async () => {
    using it = await rig([spec(delay, { attributes: { ms: 1 }, toxicity: 0.5 })])
    for (let n = 0; n < 24; n += 1) await it.connect()
    const half = chosenOf(it)
    it.proxy.toxics.update('delay', { attributes: { ms: 2 } })
    expect(chosenOf(it)).to.deep.equal(half)
    it.proxy.toxics.update('delay', { toxicity: 0.8 })
    expect(chosenOf(it)).to.include.members(half)
    it.proxy.toxics.update('delay', { toxicity: 0 })
    expect(chosenOf(it)).to.deep.equal([])
    it.proxy.toxics.update('delay', { toxicity: 0.5 })
    expect(chosenOf(it)).to.deep.equal(half)
  })

  it('chooses the same, whatever else is edited meanwhile', async () => {
    const plain = await chosen('seed')
    using it = await rig([half('before'), half('delay')])
    const { toxics } = it.proxy
    for (let n = 1; n <= 24; n += 1) {
      await it.connect()
      if (n === 4) toxics.remove('before')
      if (n === 8) toxics.add(half('behind'))
      if (n === 12) toxics.update('delay', { toxicity: 0.1 })
      if (n === 13) toxics.update('delay', { toxicity: 0.5, attributes: { ms: 3 } })
      if (n === 16) toxics.add({ ...half('other_way'), stream: 'downstream' })
      if (n === 20) toxics.remove('delay')
      if (n === 21) toxics.add(half('delay'))
    }
    expect(chosenOf(it, 'delay')).to.deep.equal(plain)
    // Each toxic has a coin of its own.
    expect(chosenOf(it, 'behind')).not.to.deep.equal(plain)
    expect(chosenOf(it, 'other_way')).not.to.deep.equal(plain)
  })

  it('has coins of its own on each proxy', async () => {
    using it = await rig()
    const other = await it.proxies.create({
      name: 'other',
      upstream: it.server.address,
      toxics: [spec(delay, { attributes: { ms: 1 }, toxicity: 0.5 })],
    })
    for (let n = 0; n < 24; n += 1) await it.connect({ to: other })
    expect(chosenOf({ proxy: other })).not.to.deep.equal(await chosen('seed'))
  })

  it('is decided by another seed once it is set, for what comes then', async () => {
    const toxic = spec(delay, { attributes: { ms: 1 }, toxicity: 0.5 })
    const [one, two] = [await chosen('one'), await chosen('two')]
    using it = await rig([toxic], { seed: 'one' })
    expect(it.proxies.seed).to.equal('one')
    for (let n = 0; n < 12; n += 1) await it.connect()
    it.proxies.seed = 'two'
    expect(it.proxies.seed).to.equal('two')
    for (let n = 0; n < 12; n += 1) await it.connect()
    expect(chosenOf(it)).to.deep.equal([...one.filter((id) => id <= 12), ...two.filter((id) => id > 12)])
    it.proxy.toxics.remove('delay')
    it.proxy.toxics.add(toxic)
    expect(chosenOf(it)).to.deep.equal(two)
  })
})
