import { expect } from 'chai'
import { isSane, numbered, startBench, talk, until, type StrikeBench, type Talk } from './broker.helper.ts'

const TEN = numbered('m', 10)

describe('amqp_close, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  /** What was delivered and not acked comes again, and nothing else has changed. */
  async function goesOn(made: Talk, links: Parameters<typeof isSane>[2]): Promise<void> {
    made.publish(...TEN)
    await made.hasPassed(TEN)
    await isSane(bench, made, links)
  }

  it("closes a consumer's channel at a message, which the broker then delivers again", async () => {
    const link = await bench.link()
    const made = await talk(link, { prefetch: 5 })
    await link.add('amqp_close', 'downstream', { kind: 'channel', code: 404, body: '^m 3$' })
    made.publish(...TEN)
    await until('it is closed', () => made.ends.length > 0)
    expect(made.ends).to.deep.equal(['closed 404'])
    expect(made.received).to.not.include('m 3')
    await until('all are confirmed', () => made.told.size === TEN.length)
    await made.open()
    await made.hasPassed(TEN)
    await link.remove()
    await isSane(bench, made, [link])
  })

  it("closes a publisher's channel at a message, which is lost", async () => {
    const link = await bench.link()
    const made = await talk(link)
    await link.add('amqp_close', 'upstream', { kind: 'channel', body: '^m 3$' })
    made.publish(...TEN)
    await until('it is closed', () => made.ends.length > 0)
    await made.open()
    expect(made.ends).to.deep.equal(['closed 406'])
    expect(made.received).to.not.include('m 3')
    await goesOn(made, [link])
  })

  it('closes all channels at once, if it asks for no message; others can be opened, many times', async () => {
    const link = await bench.link()
    const made = await talk(link)
    for (let round = 1; round <= 20; round += 1) {
      await link.add('amqp_close', 'downstream', { kind: 'channel' })
      await until('both are closed', () => made.ends.length === 2 * round)
      await link.remove()
      await made.open()
    }
    await goesOn(made, [link])
  })

  it('closes connections at once, on both sides', async () => {
    const link = await bench.link()
    const made = await talk(link)
    const codes: (number | undefined)[] = []
    for (const connection of link.connections)
      // What an operator may have done is no error to amqplib.
      connection.on('close', (error?: { code?: number }) => codes.push(error?.code))
    await link.add('amqp_close', 'downstream')
    await until('both are closed', () => codes.length === 2)
    expect(codes).to.deep.equal([320, 320])
    await until("the broker's side too", () => bench.connections(link) === 0)
    const other = await talk(link)
    await goesOn(other, [link])
    expect(await bench.left(made.queue)).to.equal(0)
  })

  it('cancels a consumer at a message, and what it did not get is delivered to the next', async () => {
    const link = await bench.link()
    const made = await talk(link, { prefetch: 1 })
    await link.add('amqp_close', 'downstream', { kind: 'consumer', body: '^m 3$' })
    made.publish(...TEN)
    await until('it is cancelled', () => made.ends.includes('cancelled'))
    expect(made.received).to.deep.equal(['m 1', 'm 2'])
    await made.consume()
    await made.hasPassed(TEN)
    expect(made.redelivered).to.deep.equal(['m 3'])
    await link.remove()
    await isSane(bench, made, [link])
  })

  it('has no consumer to cancel at a message that is published, and says so', async () => {
    const link = await bench.link()
    const refused = await link.add('amqp_close', 'upstream', { kind: 'consumer' }).catch(String)
    expect(refused).to.contain('amqp_close on upstream; downstream it can strike basic.deliver')
    await link.close()
  })

  it('cancels consumers at once, under load, and loses nothing', async () => {
    const link = await bench.link()
    const made = await talk(link, { prefetch: 20 })
    const all: string[] = []
    for (let round = 1; round <= 20; round += 1) {
      const more = numbered(`round ${round}:`, 50)
      all.push(...more)
      made.publish(...more)
      await link.add('amqp_close', 'downstream', { kind: 'consumer' })
      await until('it is cancelled', () => made.ends.length === round)
      await link.remove()
      await made.consume()
    }
    await made.hasPassed(all)
    expect(made.ends.every((end) => end === 'cancelled')).to.equal(true)
    await isSane(bench, made, [link])
  })

  it('blocks a connection until it is removed, or for a time', async () => {
    const link = await bench.link()
    const made = await talk(link)
    const said: string[] = []
    for (const connection of link.connections)
      for (const event of ['blocked', 'unblocked']) connection.on(event, () => said.push(event))
    await link.add('amqp_close', 'downstream', { kind: 'blocked' })
    await until('they are told', () => said.length === 2)
    made.publish(...TEN)
    expect(await bench.left(made.queue)).to.equal(0)
    expect(made.received).to.deep.equal([])
    await link.remove()
    await made.hasPassed(TEN)
    expect(said.toSorted()).to.deep.equal(['blocked', 'blocked', 'unblocked', 'unblocked'])
    await link.add('amqp_close', 'upstream', { kind: 'blocked', timeout: 50, body: '^n 1$' })
    made.publish('n 1')
    await until('it is unblocked', () => said.length === 6)
    await link.remove()
    await isSane(bench, made, [link])
  })
})

describe('amqp_heartbeat, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  it('makes the broker seem dead to an idle client', async () => {
    const link = await bench.link()
    const connection = await link.connect(1)
    const errors: string[] = []
    connection.on('error', ({ message }: Error) => errors.push(message))
    await link.add('amqp_heartbeat', 'downstream')
    await until('it has given up', () => errors.length > 0)
    expect(errors[0]).to.equal('Heartbeat timeout')
    await link.remove()
    await isSane(bench, await talk(link), [link])
  })

  it('makes a client seem dead to the broker', async () => {
    const link = await bench.link()
    await link.connect(1)
    await link.add('amqp_heartbeat', 'upstream')
    await until('the broker has given up', () => bench.connections(link) === 0)
    await link.remove()
    await isSane(bench, await talk(link), [link])
  })
})
