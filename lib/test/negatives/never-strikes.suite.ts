import { expect, scenario } from '../../scenario/index.ts'

describe('A fault on one message never strikes', () => {
  const run = scenario()

  it('waits for a call that there is not', async () => {
    await run.links('executor-*', 'rabbitmq').onCall('run_acton').drop()
    await run.start('sequence', { tasks: 1 })
    expect(await run.verdict()).to.be.valid
  })

  it('waits for a statement that is never said', async () => {
    await run
      .links('engine-*', 'postgres')
      .onQuery(/^COMMIT PREPARED/)
      .error('40001')
    await run.start('sequence', { tasks: 1 })
    expect(await run.verdict()).to.be.valid
  })

  it('asserts that it has struck', async () => {
    const lost = await run.links('executor-*', 'rabbitmq').onCall('run_action').nth(99).drop()
    await run.start('sequence', { tasks: 1 })
    await lost.fired(3)
  })

  it('names a link that there is not', async () => {
    await run.links('executer-*', 'rabbitmq').onCall('run_action').drop()
  })

  it('kills one of several nodes', async () => {
    await run.links('*', 'rabbitmq').onCall('run_action').kill()
  })

  it('asks for less than the first message', async () => {
    await run.links('executor-*', 'rabbitmq').onCall('run_action').nth(0).drop()
  })

  it('cannot do what hangs on it, and leaves nothing on', async () => {
    const failing = await run
      .links('executor-*', 'rabbitmq')
      .onCall('run_action')
      .do('what fails', () => Promise.reject(new Error('it was not done')))
    await run.start('sequence', { tasks: 1 })
    await failing.fired()
  })

  it('is kept after all of them', async () => {
    await run.start('sequence', { tasks: 1 })
    expect(await run.verdict({ faultless: true })).to.be.valid
  })
})
