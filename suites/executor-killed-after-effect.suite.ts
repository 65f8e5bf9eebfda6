import { expect, scenario } from '../lib/scenario/index.ts'

describe('An executor is killed after the effect of an action and before its result', () => {
  const run = scenario({ executor: 2 })

  it('finishes every workflow with a retry policy, repeating the action', async () => {
    const killed = await run.link('executor-1', 'rabbitmq').onPublish('on_action_complete').nth(2).kill()
    await run.start('parallel', { tasks: 4 }, { times: 3 })
    await killed.fired()
    expect(await run.verdict({ allow: ['repeated', killed] })).to.be.valid
  })
})
