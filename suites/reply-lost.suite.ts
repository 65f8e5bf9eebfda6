import { expect, scenario } from '../lib/scenario/index.ts'

describe('The reply of a start_workflow is lost', () => {
  const run = scenario()

  it('finishes every workflow, also the one whose start was answered with an error', async () => {
    const lost = await run.links('api-*', 'rabbitmq').onCall('reply').nth(2).drop()
    await run.start('parallel', { tasks: 2 }, { times: 3 })
    await lost.fired()
    expect(await run.verdict({ allow: [lost] })).to.be.valid
  })
})
