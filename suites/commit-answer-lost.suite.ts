import { expect, scenario } from '../lib/scenario/index.ts'
import { lostAfterCommit } from './known-gaps.ts'

describe('An engine does not learn that its commit was done', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once', async () => {
    run.actionsTake(1)
    const cut = await run
      .links('engine-*', 'postgres')
      .onQuery(/^COMMIT/, { table: 'task_executions_v2' })
      .nth(3)
      .cutBeforeReply()
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    await cut.fired()
    expect(await run.verdict()).to.be.knownGap(lostAfterCommit)
  })
})
