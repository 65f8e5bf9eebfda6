import { expect, scenario } from '../lib/scenario/index.ts'
import { brokerNotFoundAgain, runsTwice } from './known-gaps.ts'

describe('RabbitMQ resets every connection', () => {
  const run = scenario()

  it('finishes every running workflow, each action once', async () => {
    run.actionsTake(1)
    await run.start('join', { tasks: 5 }, { times: 4 })
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    await run.effects(8)
    await run.links('*', 'rabbitmq').reset()
    expect(await run.verdict({ deadlineSeconds: 60 })).to.be.knownGap(runsTwice, brokerNotFoundAgain)
  })
})
