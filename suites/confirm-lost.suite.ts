import { expect, scenario } from '../lib/scenario/index.ts'
import { copyMayRun, heldByItsConsumer } from './known-gaps.ts'

describe('The confirm of a run_action is lost, and then the connection', () => {
  const run = scenario({ engine: 2, executor: 2 })

  it('runs each action once', async () => {
    run.actionsTake(1)
    const lost = await run.link('engine-1', 'rabbitmq').onPublish('run_action').nth(2).loseAnswer()
    await run.start('sequence', { tasks: 4 }, { times: 4 })
    await lost.fired()
    await run.link('engine-1', 'rabbitmq').reset()
    expect(await run.verdict()).to.be.knownGap(copyMayRun, heldByItsConsumer)
  })
})
