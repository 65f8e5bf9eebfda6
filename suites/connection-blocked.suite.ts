import { expect, scenario } from '../lib/scenario/index.ts'

describe('RabbitMQ blocks the connections of an engine for twelve seconds', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once', async () => {
    run.actionsTake(1)
    const blocked = await run
      .link('engine-1', 'rabbitmq')
      .onPublish('run_action')
      .nth(2)
      .block({ seconds: 12 })
    await run.start('sequence', { tasks: 6 }, { times: 4 })
    await blocked.fired()
    expect(await run.verdict()).to.be.valid
  })
})
