import { connect, type Channel, type GetMessage } from 'amqplib'
import { expect, scenario } from '../../scenario/index.ts'
import { poll } from '../../util/poll.ts'

const EXCHANGE = 'openstack'
const EXECUTORS = 'mistral_executor'
const SPY = 'crosswind_spy'

describe('Messages are multiplied and taken away', () => {
  const run = scenario({ executor: 2 })

  it('is told of an action that ran twice', async () => {
    run.hold()
    await onBroker(async (channel) => {
      await channel.assertQueue(SPY)
      await channel.bindQueue(SPY, EXCHANGE, EXECUTORS)
      await run.start('sequence', { tasks: 1 })
      await run.effects(1)
      const copy = await take(channel, SPY)
      // The process that had it knows its id and drops it; the other has never seen it.
      for (const name of ['executor-1', 'executor-2'])
        channel.publish(EXCHANGE, `${EXECUTORS}.${name}`, copy.content, copy.properties)
      await run.effects(2)
      await channel.deleteQueue(SPY)
    })
    run.release()
    expect(await run.verdict({ faultless: true })).to.be.valid
  })

  it('is told of an action that never ran', async () => {
    const { cluster } = run.session
    const names = ['executor-1', 'executor-2']
    await Promise.all(names.map((name) => cluster.stop(name, 'its message is to be taken away')))
    await run.start('parallel', { tasks: 2, retries: 0 })
    await onBroker((channel) => take(channel, EXECUTORS))
    await Promise.all(names.map((name) => cluster.start('executor', name)))
    expect(await run.verdict({ faultless: true })).to.be.valid
  })

  /** Straight to the broker, past every link. */
  async function onBroker(work: (channel: Channel) => Promise<unknown>): Promise<void> {
    const { port } = run.session.cluster.rabbitmq
    const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}/%2F`)
    try {
      await work(await connection.createChannel())
    } finally {
      await connection.close()
    }
  }
})

/** Takes one message out of a queue for good. */
async function take(channel: Channel, queue: string): Promise<GetMessage> {
  const look = async () => (await channel.get(queue, { noAck: true })) || undefined
  return poll(look, { what: `a message in ${queue}`, deadlineMs: 10_000 })
}
