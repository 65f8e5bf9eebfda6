import { expect, scenario } from '../lib/scenario/index.ts'
import { lostWithEngine } from './known-gaps.ts'

describe('An engine is killed after its commit and before what follows from it', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once', async () => {
    run.actionsTake(1)
    await run.start('sequence', { tasks: 6 }, { times: 4 })
    // What follows an action's making is its run_action; of its heartbeats, which write that table too, nothing follows.
    const killed = await run
      .link('engine-1', 'postgres')
      .onQuery(/^COMMIT/, { transaction: /^INSERT INTO action_executions_v2/ })
      .nth(2)
      .kill({ when: 'answered' })
    await killed.fired()
    expect(await run.verdict({ allow: [killed] })).to.be.knownGap(lostWithEngine)
  })
})
