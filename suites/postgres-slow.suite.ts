import { expect, scenario } from '../lib/scenario/index.ts'

describe('PostgreSQL is slow', () => {
  const run = scenario()

  it('finishes every workflow, each action once, with 20 ± 10 ms on every way to it', async () => {
    run.actionsTake(1)
    await run.start('join', { tasks: 5 }, { times: 4 })
    await run.start('sequence', { tasks: 8 }, { times: 4 })
    await run.links('*', 'postgres').toxic('latency', { latency: 20, jitter: 10 }, { seconds: 6 })
    expect(await run.verdict()).to.be.valid
  })
})
