import { expect, scenario } from '../lib/scenario/index.ts'

describe('An executor is killed in the middle of an action', () => {
  const run = scenario({ executor: 2 })

  it('finishes every workflow with a retry policy, repeating what it had in hand', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4 }, { times: 3 })
    await run.busy('executor-1')
    await run.kill('executor-1')
    run.release()
    expect(await run.verdict({ allow: ['repeated'] })).to.be.valid
  })

  it('fails a workflow without a retry policy, and leaves nothing open', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4, retries: 0 })
    await run.busy('executor-1')
    await run.kill('executor-1')
    run.release()
    expect(await run.verdict({ expect: 'ERROR' })).to.be.valid
  })
})
