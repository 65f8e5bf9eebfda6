import { expect } from 'chai'
import {
  isSane,
  numbered,
  startBench,
  talk,
  until,
  type Link,
  type StrikeBench,
  type Talk,
  type TalkOptions,
} from './broker.helper.ts'

const WAYS: Record<string, TalkOptions> = {
  'confirms, prefetch 1': { prefetch: 1 },
  'confirms, prefetch 50': { prefetch: 50 },
  'confirms, acks of 4 at once': { prefetch: 50, acksEach: 4 },
  'no confirms': { confirms: false, prefetch: 50 },
}

/** Tests on one broker, each on a link of its own with all kinds of clients. */
describe('toxics that act on messages, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  const onEach = (what: string, run: (it: Talk, link: Link, way: TalkOptions) => Promise<void>) => {
    for (const [name, way] of Object.entries(WAYS))
      it(`${what}: ${name}`, async () => {
        const link = await bench.link()
        const made = await talk(link, way)
        await run(made, link, way)
        await isSane(bench, made, [link])
      })
  }

  const TEN = numbered('m', 10)
  const without = (...lost: string[]) => TEN.filter((text) => !lost.includes(text))

  onEach('amqp_drop before the broker', async (it, link) => {
    await link.add('amqp_drop', 'upstream', { nth: 3, count: 2 })
    it.publish(...TEN)
    await it.hasPassed(without('m 3', 'm 4'))
    expect(it.received).to.deep.equal(without('m 3', 'm 4'))
    if (it.options.confirms !== false) await until('all are told', () => it.told.size === 10)
    expect(link.struck).to.equal(2)
    await link.remove()
  })

  onEach('amqp_drop after the broker', async (it, link) => {
    await link.add('amqp_drop', 'downstream', { nth: 3, count: 2 })
    it.publish(...TEN)
    await it.hasPassed(without('m 3', 'm 4'))
    expect(it.received).to.deep.equal(without('m 3', 'm 4'))
    await link.remove()
  })

  onEach('amqp_duplicate before the broker', async (it, link) => {
    await link.add('amqp_duplicate', 'upstream', { body: '^m 3$' })
    it.publish(...TEN)
    await it.hasPassed(TEN)
    await until('eleven have come', () => it.received.length === 11)
    expect(it.received.filter((text) => text === 'm 3')).to.have.length(2)
    await link.remove()
  })

  onEach('amqp_duplicate after the broker', async (it, link) => {
    await link.add('amqp_duplicate', 'downstream', { nth: 2, count: 3 })
    it.publish(...TEN)
    await it.hasPassed(TEN)
    await until('thirteen have come', () => it.received.length === 13)
    expect(it.redelivered).to.deep.equal([])
    await link.remove()
  })

  for (const stream of ['upstream', 'downstream'] as const) {
    onEach(`amqp_delay, ${stream}`, async (it, link) => {
      await link.add('amqp_delay', stream, { delay: 150, jitter: 50, body: '^m [35]$', count: 0 })
      it.publish(...TEN)
      await it.hasPassed(TEN)
      const late = it.received.filter((text) => text === 'm 3' || text === 'm 5')
      expect(late).to.have.length(2)
      if (it.options.prefetch !== 1 || stream === 'upstream')
        expect(it.received.slice(0, 8)).to.deep.equal(without('m 3', 'm 5'))
      await link.remove()
    })

    onEach(`amqp_reorder, ${stream}`, async (it, link) => {
      await link.add('amqp_reorder', stream, { body: '^m [37]$', timeout: 300 })
      it.publish(...TEN)
      await it.hasPassed(TEN)
      expect(it.received).to.have.length(10)
      if (it.options.prefetch !== 1 || stream === 'upstream')
        expect(it.received.indexOf('m 3')).to.equal(it.received.indexOf('m 7') + 1)
      await link.remove()
    })
  }

  it('amqp_reorder lets the first go where no second comes', async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_reorder', 'upstream', { timeout: 100, body: '^m 3$' })
    made.publish(...TEN)
    await made.hasPassed(TEN)
    expect(made.received).to.deep.equal([...without('m 3'), 'm 3'])
    await isSane(bench, made, [link])
  })

  it('amqp_duplicate gives the copy to another consumer, on another link', async () => {
    const [one, two] = [await bench.link(), await bench.link()]
    const made = await talk(one, { prefetch: 1 })
    const others: string[] = []
    const other = await (await two.connect()).createChannel()
    await one.add('amqp_duplicate', 'downstream', { to: 'other' })
    made.publish('m 1')
    await made.hasPassed(['m 1'])
    await other.consume(made.queue, (message) => {
      others.push(String(message?.content))
      if (message) other.ack(message)
    })
    made.publish('m 2', 'm 3', 'm 4', 'm 5')
    await until('one more than were sent', () => made.received.length + others.length === 6)
    const twice = made.received.filter((text) => others.includes(text))
    expect(twice).to.have.length(1)
    await one.remove()
    await other.close()
    await isSane(bench, made, [one, two])
  })

  it('amqp_duplicate to another consumer waits for a message for which there is one', async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_duplicate', 'downstream', { to: 'other' })
    made.publish(...TEN)
    await made.hasPassed(TEN)
    expect(link.struck).to.equal(0)
    await link.remove()
    await isSane(bench, made, [link])
  })
})
