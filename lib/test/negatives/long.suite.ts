import { expect, scenario } from '../../scenario/index.ts'

/** Prints where it is, for the tests that end the gate there. */
describe('A promise that is broken off', () => {
  const run = scenario()

  it('goes on long enough', async () => {
    run.hold()
    await run.start('parallel', { tasks: 4 })
    await run.effects(4)
    const down = run.links('*', 'rabbitmq').down({ seconds: 3 })
    console.log('the fault is on')
    await down
    console.log('the fault is over')
    run.release()
    expect(await run.verdict()).to.be.valid
    console.log('it is about to end')
  })
})
