import { expect, scenario } from '../../scenario/index.ts'
import { poll } from '../../util/poll.ts'

describe('Nothing of business is struck', () => {
  const run = scenario()

  it('has no fault', async () => {
    await run.start('sequence', { tasks: 2 })
    expect(await run.verdict()).to.be.valid
  })

  it('delays a link that carries nothing', async () => {
    run.hold()
    await run.start('sequence', { tasks: 2 })
    await run.effects(1)
    await run.link('api-1', 'postgres').toxic('latency', { latency: 50 }, { seconds: 1 })
    run.release()
    expect(await run.verdict()).to.be.valid
  })

  it('makes a black hole of a link that carries nothing', async () => {
    run.hold()
    await run.start('sequence', { tasks: 2 })
    await run.effects(1)
    await run.link('api-1', 'postgres').blackHole({ seconds: 1 })
    run.release()
    expect(await run.verdict()).to.be.valid
  })

  it('strikes when all work is done', async () => {
    const [id = ''] = await run.start('sequence', { tasks: 2 })
    const look = async () =>
      (await run.session.rest().execution(id))?.state === 'SUCCESS' ? true : undefined
    await poll(look, { what: 'the workflow ends', deadlineMs: 30_000 })
    await run.links('*', 'rabbitmq').reset()
    expect(await run.verdict()).to.be.valid
  })

  it('kills an executor that has nothing to do', async () => {
    run.hold()
    await run.start('sequence', { tasks: 2 })
    await run.effects(1)
    await run.kill(await idleExecutor())
    run.release()
    expect(await run.verdict()).to.be.valid
  })

  it('starts nothing at all', async () => {
    await run.links('*', 'rabbitmq').toxic('latency', { latency: 50 }, { seconds: 0.5 })
    expect(await run.verdict()).to.be.valid
  })

  /** Of two executors with one action between them, the one that does not hold it: its log does not name the task. */
  async function idleExecutor(): Promise<string> {
    const { readFile } = await import('node:fs/promises')
    const names = ['executor-1', 'executor-2']
    const effect = run.session.effects.unanswered().at(0)?.effect.execution ?? 'no effect is held'
    const logs = await Promise.all(
      names.map((name) => readFile(run.session.cluster.node(name).process.log, 'utf8')),
    )
    const idle = names.find((_, n) => !logs[n]?.includes(effect))
    if (idle === undefined) throw new Error('both executors know of the action')
    return idle
  }
})
