import { expect, scenario } from '../lib/scenario/index.ts'

describe('One run_action is lost', () => {
  const run = scenario()

  it('finishes every workflow, before the broker has it', async () => {
    const lost = await run.links('engine-*', 'rabbitmq').onPublish('run_action').nth(2).drop()
    await run.start('parallel', { tasks: 4 }, { times: 2 })
    await lost.fired()
    expect(await run.verdict({ allow: ['repeated', lost] })).to.be.valid
  })

  it('finishes every workflow, before its executor has it', async () => {
    const lost = await run.links('executor-*', 'rabbitmq').onCall('run_action').nth(2).drop()
    await run.start('parallel', { tasks: 4 }, { times: 2 })
    await lost.fired()
    expect(await run.verdict({ allow: ['repeated', lost] })).to.be.valid
  })
})
