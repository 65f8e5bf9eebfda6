import { expect, scenario } from '../lib/scenario/index.ts'

describe('PostgreSQL refuses a transaction of an engine', () => {
  const run = scenario({ engine: 2 })

  it('finishes every workflow, each action once, after a serialization failure', async () => {
    const refused = await run
      .links('engine-*', 'postgres')
      .onQuery(/^COMMIT/, { table: 'task_executions_v2' })
      .nth(3)
      .error('40001')
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    await refused.fired()
    expect(await run.verdict()).to.be.valid
  })

  it('finishes every workflow, each action once, after a deadlock', async () => {
    const refused = await run
      .links('engine-*', 'postgres')
      .onQuery(/^UPDATE/, { table: 'action_executions_v2' })
      .nth(3)
      .error('40P01')
    await run.start('sequence', { tasks: 5 }, { times: 4 })
    await refused.fired()
    expect(await run.verdict()).to.be.valid
  })
})
