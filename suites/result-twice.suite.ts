import { expect, scenario } from '../lib/scenario/index.ts'

describe('One on_action_complete comes twice', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each task once, published twice', async () => {
    const twice = await run.links('executor-*', 'rabbitmq').onPublish('on_action_complete').nth(2).duplicate()
    await run.start('sequence', { tasks: 4 }, { times: 4 })
    await twice.fired()
    expect(await run.verdict({ allow: [twice] })).to.be.valid
  })

  it('finishes every workflow, each task once, delivered to two engines', async () => {
    const twice = await run
      .links('engine-*', 'rabbitmq')
      .onCall('on_action_complete')
      .nth(2)
      .duplicate({ to: 'other' })
    await run.start('sequence', { tasks: 4 }, { times: 4 })
    await twice.fired()
    expect(await run.verdict({ allow: [twice] })).to.be.valid
  })
})
