import { expect, scenario } from '../lib/scenario/index.ts'

describe('The heartbeats of a running action are lost', () => {
  const run = scenario()

  it('finishes the workflow, repeating the action', async () => {
    run.hold()
    const lost = await run.links('executor-*', 'rabbitmq').onPublish('report_running_actions').count(0).drop()
    await run.start('sequence', { tasks: 1 })
    await lost.fired()
    await run.effects(2)
    await lost.end()
    run.release()
    expect(await run.verdict({ allow: ['repeated'] })).to.be.valid
  })
})
