import { expect, scenario } from '../lib/scenario/index.ts'
import { forgottenAfterCommit, startForgotten } from './known-gaps.ts'

describe('PostgreSQL is unreachable for eight seconds', () => {
  const run = scenario()

  it('finishes every running workflow, each action once', async () => {
    run.actionsTake(1)
    await run.start('join', { tasks: 5 }, { times: 4 })
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    await run.effects(8)
    await run.links('*', 'postgres').down({ seconds: 8 })
    expect(await run.verdict()).to.be.knownGap(forgottenAfterCommit, startForgotten)
  })
})
