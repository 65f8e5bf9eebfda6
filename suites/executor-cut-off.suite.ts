import { expect, scenario, type KnownGap } from '../lib/scenario/index.ts'
import { brokerNotFoundAgain } from './known-gaps.ts'

const answeredTooSoon: KnownGap = {
  name: 'a reply comes before its queue',
  because:
    'under kombu an executor that finds its broker again publishes its results before it has declared its reply ' +
    'queue again, so that a reply to one of them goes nowhere',
  breaks: [
    {
      word: 'lost',
      text: /^reply .*: (never delivered|unroutable)$/,
      evidence: [/published by engine-\d+ to openstack\//],
    },
  ],
  rpc: ['kombu'],
  mistral: [15],
  seen: '2 of 15',
}

describe('One executor is cut off from RabbitMQ while the other works', () => {
  const run = scenario({ executor: 2 })

  it('finishes every workflow after twelve seconds, each action once', async () => {
    run.actionsTake(1)
    await run.start('join', { tasks: 5 }, { times: 4 })
    await run.start('sequence', { tasks: 14 }, { times: 4 })
    await run.effects(8)
    await run.link('executor-1', 'rabbitmq').down({ seconds: 12 })
    expect(await run.verdict()).to.be.knownGap(brokerNotFoundAgain)
  })

  it('finishes every workflow without it, repeating what it had in hand', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4 }, { times: 3 })
    await run.busy('executor-1')
    await run.link('executor-1', 'rabbitmq').down()
    run.release()
    expect(await run.verdict({ allow: ['repeated'] })).to.be.knownGap(answeredTooSoon)
  })
})
