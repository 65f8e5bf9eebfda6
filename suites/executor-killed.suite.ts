import { expect, scenario } from '../lib/scenario/index.ts'

describe('An executor is killed in the middle of an action', () => {
  const run = scenario({ executor: 2 })

  it('finishes every workflow whose tasks have a retry policy', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4 }, { times: 3 })
    await run.effects(12)
    await run.kill('executor-1')
    run.release()
    expect(await run.verdict()).to.be.valid
  })

  it('ends a workflow without a retry policy', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4, retries: 0 }, { times: 3 })
    await run.effects(12)
    await run.kill('executor-1')
    run.release()
    expect(await run.verdict()).to.be.valid
  })
})
