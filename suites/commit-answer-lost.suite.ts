import { expect, scenario } from '../lib/scenario/index.ts'
import { lostAfterCommit } from './known-gaps.ts'

describe('An engine does not learn that its commit was done', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once', async () => {
    run.actionsTake(1)
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    // What follows an action's making is its run_action.
    const cut = await run
      .links('engine-*', 'postgres')
      .onQuery(/^COMMIT/, { transaction: /^INSERT INTO action_executions_v2/ })
      .nth(3)
      .cutBeforeReply()
    await cut.fired()
    expect(await run.verdict()).to.be.knownGap(lostAfterCommit)
  })
})
