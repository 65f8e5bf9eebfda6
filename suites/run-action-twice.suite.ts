import { expect, scenario } from '../lib/scenario/index.ts'
import { copyRuns } from './known-gaps.ts'

describe('One run_action comes twice', () => {
  const run = scenario({ executor: 2 })

  it('runs each action once, published twice', async () => {
    const twice = await run.links('engine-*', 'rabbitmq').onPublish('run_action').nth(2).duplicate()
    // Of one engine only: a message of another between the two could bring both to one executor, which drops the copy.
    await run.start('parallel', { tasks: 4 })
    await twice.fired()
    expect(await run.verdict()).to.be.knownGap(copyRuns)
  })

  it('runs each action once, delivered to two executors', async () => {
    const twice = await run
      .links('executor-*', 'rabbitmq')
      .onCall('run_action')
      .nth(2)
      .duplicate({ to: 'other' })
    await run.start('parallel', { tasks: 4 }, { times: 2 })
    await twice.fired()
    expect(await run.verdict()).to.be.knownGap(copyRuns)
  })
})
