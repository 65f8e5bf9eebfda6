import { expect } from 'chai'
import { startToxiproxy } from '../api/server.ts'
import type { LinkChanged } from '../ledger/fault-entries.ts'
import { until } from '../proxy/rig.helper.ts'
import { toxics } from '../../toxics/index.ts'
import { linkChanged } from './link-changes.ts'
import { ToxiproxyApi } from './toxiproxy.ts'

describe('What the journal says of faults by hand', () => {
  it('is each change that a client of the API has made, and each lease that has ended', async () => {
    const told: LinkChanged[] = []
    await using server = await startToxiproxy({
      toxics,
      seed: 'by hand',
      onEvent: (event) => told.push(...[linkChanged(event)].filter((one) => one !== undefined)),
    })
    const api = new ToxiproxyApi(server.url)
    await api.createProxy('a.b', '127.0.0.1:9')
    expect(told, 'laying a link is no fault').to.deep.equal([])

    const toxic = { name: 't', type: 'bandwidth', stream: 'upstream', toxicity: 0.5 } as const
    await api.addToxic('a.b', { ...toxic, attributes: { rate: 7 }, duration: 60_000 })
    await api.removeToxic('a.b', 't')
    await api.setEnabled('a.b', false, 20)
    await until('it is enabled again', () => told.at(-1)?.change === 'disabling expired')
    await api.setEnabled('a.b', false)
    await api.freeLaid()

    const rated = { ...toxic, attributes: { rate: 7 } }
    expect(told.map(({ kind, link, change, toxic: of }) => [kind, link, change, of])).to.deep.equal([
      ['link.changed', 'a.b', 'toxic added', rated],
      ['link.changed', 'a.b', 'toxic removed', rated],
      ['link.changed', 'a.b', 'disabled', undefined],
      ['link.changed', 'a.b', 'disabling expired', undefined],
      ['link.changed', 'a.b', 'disabled', undefined],
      ['link.changed', 'a.b', 'enabled', undefined],
    ])
    const leases = told.flatMap(({ endsAfterMs }) => endsAfterMs ?? [])
    expect(leases).to.have.lengthOf(2)
    expect(leases[0]).to.be.within(59_000, 60_000)
    expect(leases[1]).to.be.at.most(20)
  })
})
