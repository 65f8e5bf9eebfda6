import { expect, scenario } from '../lib/scenario/index.ts'
import { cancelledInTheMiddle } from './known-gaps.ts'

describe('The broker cancels a consumer', () => {
  const run = scenario({ engine: 2, executor: 2 })

  it('finishes every workflow without the executor', async () => {
    const cancelled = await run.link('executor-1', 'rabbitmq').onCall('run_action').nth(2).cancelConsumer()
    await run.start('sequence', { tasks: 6 }, { times: 4 })
    await cancelled.fired()
    expect(await run.verdict()).to.be.knownGap(cancelledInTheMiddle)
  })

  it('finishes every workflow without the engine', async () => {
    const cancelled = await run
      .link('engine-1', 'rabbitmq')
      .onCall('on_action_complete')
      .nth(2)
      .cancelConsumer()
    await run.start('sequence', { tasks: 6 }, { times: 4 })
    await cancelled.fired()
    expect(await run.verdict()).to.be.valid
  })
})
