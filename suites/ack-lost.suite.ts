import { expect, scenario } from '../lib/scenario/index.ts'
import { copyRunsUnderOslo, heldByItsConsumer } from './known-gaps.ts'

describe('The ack of a run_action is lost, and then the connection', () => {
  const run = scenario({ executor: 2 })

  it('runs each action once', async () => {
    run.actionsTake(1)
    const lost = await run.link('executor-1', 'rabbitmq').onCall('run_action').nth(2).loseAnswer()
    await run.start('sequence', { tasks: 4 }, { times: 4 })
    await lost.fired()
    await run.link('executor-1', 'rabbitmq').reset()
    expect(await run.verdict()).to.be.knownGap(copyRunsUnderOslo, heldByItsConsumer)
  })
})
