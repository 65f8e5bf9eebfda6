import { expect } from 'chai'
import { isSane, numbered, startBench, talk, until, type StrikeBench } from './broker.helper.ts'

const TEN = numbered('m', 10)

/** What a broker closes a channel with on which something is acked twice. */
const PRECONDITION_FAILED = 406

describe('amqp_ack, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  for (const acksEach of [1, 5])
    it(`loses the ack of one message, which the broker delivers again: ${acksEach} at once`, async () => {
      const link = await bench.link()
      const made = await talk(link, { prefetch: 50, acksEach })
      await link.add('amqp_ack', 'upstream', { body: '^m 3$' })
      made.publish(...TEN)
      await made.hasPassed(TEN)
      await until('an ack is struck', () => link.struck === 1)
      await link.remove()
      await made.open()
      await until('it comes again', () => made.redelivered.includes('m 3'))
      expect(made.redelivered).to.deep.equal(['m 3'])
      await isSane(bench, made, [link])
    })

  it('delays an ack, and the broker hears of it', async () => {
    const link = await bench.link()
    const made = await talk(link, { prefetch: 1 })
    await link.add('amqp_ack', 'upstream', { do: 'delay', delay: 100, nth: 2, count: 2 })
    made.publish(...TEN)
    await made.hasPassed(TEN)
    expect(link.struck).to.equal(2)
    await isSane(bench, made, [link])
  })

  it('delays an ack no longer than its channel is open', async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_ack', 'upstream', { do: 'delay', delay: 60_000 })
    made.publish('m 1')
    await until('an ack is struck', () => link.struck === 1)
    await made.close()
    expect(await bench.left(made.queue)).to.equal(0)
    await link.close()
  })

  it('loses, delays and doubles confirms of the message that matches, and no other', async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_ack', 'downstream', { what: 'confirm', body: '^m 3$' })
    made.publish(...TEN)
    await until('the others are confirmed', () => made.told.size === 9)
    expect(made.told.has('m 3')).to.equal(false)
    await link.remove()
    await link.add('amqp_ack', 'downstream', { what: 'confirm', do: 'delay', delay: 80, body: '^n 2$' })
    const more = numbered('n', 5)
    made.publish(...more)
    await made.hasPassed(more)
    expect([...made.told.keys()].at(-1)).to.equal('n 2')
    await link.remove()
    await link.add('amqp_ack', 'downstream', { what: 'confirm', do: 'duplicate', count: 0 })
    const last = numbered('o', 5)
    made.publish(...last)
    await made.hasPassed(last)
    await link.remove()
    await isSane(bench, made, [link])
  })

  it('doubles an ack, for which the broker closes the channel; another one is sane', async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_ack', 'upstream', { do: 'duplicate' })
    made.publish('m 1')
    await until('the channel is closed', () => made.ends.length > 0)
    expect(made.ends).to.deep.equal([`closed ${PRECONDITION_FAILED}`])
    await link.remove()
    await made.open()
    await isSane(bench, made, [link])
  })

  it('loses a nack: what the consumer gave back stays with it', async () => {
    const link = await bench.link()
    const made = await talk(link)
    made.acks = 'nacks'
    await link.add('amqp_ack', 'upstream', { what: 'nack' })
    made.publish('m 1')
    await until('a nack is struck', () => link.struck === 1)
    made.acks = 'acks'
    await link.remove()
    await made.open()
    await until('it comes again', () => made.redelivered.includes('m 1'))
    await isSane(bench, made, [link])
  })

  it('is refused where it can strike nothing', async () => {
    const link = await bench.link()
    const refused = await link.add('amqp_ack', 'downstream').catch(String)
    expect(refused).to.contain('upstream it can strike basic.ack')
    await link.close()
  })
})
