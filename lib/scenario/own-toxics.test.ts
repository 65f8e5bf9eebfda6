import { expect } from 'chai'
import { startToxiproxy } from '../api/server.ts'
import { defineAmqpToxic } from '../toxic/amqp.ts'
import { defineToxic, type ToxicDefinition } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'
import { toxics } from '../../toxics/index.ts'
import { learnToxics, onMessages } from './own-toxics.ts'
import { ToxiproxyApi } from './toxiproxy.ts'

const own = (type: string) => defineToxic({ type, about: 'For tests.', attributes: {}, open: () => ({}) })

describe("the toxics of a suite's own", () => {
  it('are known to a server that runs already', async () => {
    const known = [...toxics]
    await using server = await startToxiproxy({ toxics: known, seed: 'own' })
    const api = new ToxiproxyApi(server.url)
    await api.createProxy('p', '127.0.0.1:9')
    const toxic = { name: 't', type: 'mine', stream: 'upstream', toxicity: 1, attributes: {} } as const
    const error: unknown = await api.addToxic('p', toxic).catch((thrown: unknown) => thrown)
    expect(String(error)).to.contain('invalid toxic type')
    learnToxics(known, [own('mine')])
    await api.addToxic('p', toxic)
    expect(server.proxies()[0]?.toxics).to.deep.include({ ...toxic })
  })

  it('are added once, in whatever promise, and none where one is wrong', () => {
    const known: ToxicDefinition[] = [...toxics]
    const [mine, other] = [own('mine'), own('other')]
    learnToxics(known, [mine])
    learnToxics(known, [mine, other])
    expect(known).to.deep.equal([...toxics, mine, other])
    for (const wrong of [own('latency'), own('mine'), own('No')])
      expect(() => learnToxics(known, [own('new'), wrong])).to.throw(UsageError, 'own: type ')
    expect(() => learnToxics(known, [own('twice'), own('twice')])).to.throw('type "twice" is taken')
    expect(known).to.have.lengthOf(toxics.length + 2)
  })

  it('act on messages if they are defined so, whatever they are called', () => {
    const thief = defineAmqpToxic({
      type: 'thief',
      about: 'For tests.',
      attributes: {},
      on: { upstream: ['basic.publish'] },
      open: (lane) => ({ strike: (chunk) => lane.drop(chunk) }),
    })
    const known = [thief, own('amqp_bytes')]
    expect(onMessages(known, 'thief')).to.deep.equal({ onMessages: true })
    expect(onMessages(known, 'amqp_bytes')).to.deep.equal({})
    expect(onMessages(known, 'pg_unknown')).to.deep.equal({})
  })
})
