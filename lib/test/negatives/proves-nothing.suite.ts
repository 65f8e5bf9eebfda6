import { readFile } from 'node:fs/promises'
import { expect, scenario } from '../../scenario/index.ts'
import type { Session } from '../../scenario/session.ts'
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
    await run.kill(await idleExecutor(run.session))
    run.release()
    expect(await run.verdict()).to.be.valid
  })
})

/** Of two executors with one action between them, the one that does not hold it: its log does not name it. */
async function idleExecutor({ cluster, effects }: Session): Promise<string> {
  const [held] = effects.unanswered()
  if (held === undefined) throw new Error('no action is held')
  const names = ['executor-1', 'executor-2']
  const logs = await Promise.all(names.map((name) => readFile(cluster.node(name).process.log, 'utf8')))
  const idle = names.find((_, n) => !logs[n]?.includes(held.effect.execution))
  if (idle === undefined) throw new Error('both executors know of the action')
  return idle
}
