import { expect, scenario } from '../lib/scenario/index.ts'

describe('Nothing is broken', () => {
  const run = scenario()

  it('runs every reference workflow to its end, each action once', async () => {
    await run.start('sequence', { tasks: 5 })
    await run.start('parallel', { tasks: 5 })
    await run.start('parallel-sequences', { sequences: 3, tasks: 3 })
    await run.start('join', { tasks: 5 })
    await run.start('sequences-join', { sequences: 3, tasks: 3 })
    await run.start('with-items', { items: 10 })
    await run.start('complex')
    expect(await run.verdict({ faultless: true })).to.be.valid
  })
})
