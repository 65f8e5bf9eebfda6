import { expect, scenario } from '../lib/scenario/index.ts'

describe('One engine has 10 KB/s to RabbitMQ', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once', async () => {
    run.actionsTake(1)
    await run.start('sequence', { tasks: 10 }, { times: 4 })
    await run.effects(4)
    await run.link('engine-1', 'rabbitmq').toxic('bandwidth', { rate: 10 }, { seconds: 8 })
    expect(await run.verdict()).to.be.valid
  })
})
