import type { ConfirmChannel, ConsumeMessage } from 'amqplib'
import { expect } from 'chai'
import { isSane, numbered, startBench, talk, until, type Link, type StrikeBench } from './broker.helper.ts'
import type { AttributeValues, Stream } from '../../toxic.ts'

const TEN = numbered('m', 10)

/** Channels of one connection: each publishes to a queue of its own, which each consumes. */
class Channels {
  readonly connection
  readonly received: string[] = []
  readonly redelivered: string[] = []
  readonly returned: string[] = []
  readonly told = new Map<string, 'ok' | 'nack'>()
  readonly #channels: ConfirmChannel[] = []
  readonly #name: string

  constructor(connection: Awaited<ReturnType<Link['connect']>>, name: string) {
    this.connection = connection
    this.#name = name
  }

  queue(number: number): string {
    return `${this.#name}-${number}`
  }

  async open(count: number): Promise<this> {
    for (let number = 0; number < count; number += 1) {
      const channel = await this.connection.createConfirmChannel()
      channel.on('return', (message: { content: Buffer }) => this.returned.push(String(message.content)))
      await channel.assertQueue(this.queue(number), { durable: false })
      await channel.prefetch(5)
      await channel.consume(this.queue(number), (message) => this.#delivered(channel, message))
      this.#channels.push(channel)
    }
    return this
  }

  at(number: number): ConfirmChannel {
    const channel = this.#channels[number]
    if (!channel) throw new Error(`no channel ${number}`)
    return channel
  }

  /** To a queue of these, through the default exchange; on the channel of the same number. */
  publish(number: number, texts: readonly string[], to = this.queue(number), exchange = ''): void {
    for (const text of texts)
      this.at(number).publish(exchange, to, Buffer.from(text), { mandatory: true }, (error: unknown) => {
        this.told.set(text, error === null || error === undefined ? 'ok' : 'nack')
      })
  }

  #delivered(channel: ConfirmChannel, message: ConsumeMessage | null): void {
    if (!message) return
    const text = String(message.content)
    this.received.push(text)
    if (message.fields.redelivered) this.redelivered.push(text)
    channel.ack(message)
  }
}

let made = 0

async function channels(link: Link, count: number): Promise<Channels> {
  made += 1
  return new Channels(await link.connect(), `channels-${made}`).open(count)
}

describe('by what messages are chosen, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  let link: Link
  let them: Channels
  before(async () => (bench = await startBench()))
  after(() => bench?.end())
  beforeEach(async () => {
    link = await bench.link()
    them = await channels(link, 3)
  })

  /** A hundred more pass on each channel, each once, and are confirmed. */
  afterEach(async function areSane() {
    await link.remove().catch(() => {})
    const more = [0, 1, 2].map((number) => numbered(`more ${number}:`, 100))
    for (const [number, texts] of more.entries()) them.publish(number, texts)
    await until('all have come', () => more.flat().every((text) => them.received.includes(text)))
    await until('all are confirmed', () => more.flat().every((text) => them.told.get(text) === 'ok'))
    const late = them.received.filter((text) => text.startsWith('more'))
    expect(late).to.have.length(300)
    for (const texts of more) expect(late.filter((text) => texts.includes(text))).to.deep.equal(texts)
    await link.close()
    for (const number of [0, 1, 2]) expect(await bench.left(them.queue(number))).to.equal(0)
  })

  const cases: [string, Stream, (it: Channels) => AttributeValues][] = [
    ['method', 'upstream', () => ({ method: 'basic.publish', body: '^one$' })],
    ['method', 'downstream', () => ({ method: 'basic.deliver', body: '^one$' })],
    ['exchange', 'upstream', () => ({ exchange: 'amq.*' })],
    ['exchange', 'downstream', () => ({ exchange: 'amq.direct' })],
    ['routing_key', 'upstream', () => ({ routing_key: 'key-*' })],
    ['routing_key', 'downstream', () => ({ routing_key: 'key-1' })],
    ['queue', 'downstream', (it) => ({ queue: it.queue(1) })],
    ['body', 'upstream', () => ({ body: 'on.' })],
  ]
  for (const [name, stream, attributes] of cases)
    it(`${name}, ${stream}, on one of several channels`, async () => {
      await them.at(1).bindQueue(them.queue(1), 'amq.direct', 'key-1')
      await link.add('amqp_drop', stream, attributes(them))
      them.publish(0, ['zero'])
      them.publish(2, ['two'])
      them.publish(1, ['one'], 'key-1', 'amq.direct')
      await until('all are told', () => them.told.size === 3)
      await until('the others have come', () => them.received.length === 2)
      expect(them.received.toSorted()).to.deep.equal(['two', 'zero'])
      expect([...them.told.values()]).to.deep.equal(['ok', 'ok', 'ok'])
      expect(link.struck).to.equal(1)
    })

  it('a method that comes on the other stream is refused', async () => {
    const refused = await link.add('amqp_drop', 'upstream', { method: 'basic.deliver' }).catch(String)
    expect(refused).to.contain('amqp_drop on upstream with method basic.deliver; ')
  })

  it('redelivered: the copy of the broker, and not the first', async () => {
    await link.add('amqp_drop', 'downstream', { redelivered: 'yes' })
    const queue = `${them.queue(0)}-again`
    const channel = await them.connection.createChannel()
    await channel.assertQueue(queue, { durable: false })
    const came: boolean[] = []
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (!message) return
      came.push(message.fields.redelivered)
      if (came.length === 1) channel.nack(message)
    })
    channel.sendToQueue(queue, Buffer.from('m'))
    await until('its copy is struck', () => link.struck === 1)
    expect(came).to.deep.equal([false])
    await channel.cancel(consumerTag)
    await channel.close()
    expect(await bench.left(queue)).to.equal(0)
  })

  it('several channels of one connection, each with numbers of its own', async () => {
    await link.add('amqp_drop', 'upstream', { nth: 4, count: 3 })
    for (let index = 0; index < 4; index += 1)
      for (const number of [0, 1, 2]) them.publish(number, [`${number}/${index}`])
    await until('all are told', () => them.told.size === 12)
    await until('nine have come', () => them.received.length === 9)
    expect(them.received.filter((text) => text.endsWith('/1'))).to.deep.equal([])
    expect(link.struck).to.equal(3)
  })

  it('what is returned to its publisher comes back once for each that was sent, and is confirmed', async () => {
    await link.add('amqp_duplicate', 'upstream', { body: '^twice$' })
    them.publish(0, ['once', 'twice', 'thrice'], 'nobody')
    await until('all are told', () => them.told.size === 3)
    expect(them.returned).to.deep.equal(['once', 'twice', 'twice', 'thrice'])
  })
})

describe('what the sender of a lost message is told, on RabbitMQ with amqplib', () => {
  let bench: StrikeBench
  before(async () => (bench = await startBench()))
  after(() => bench?.end())

  it('a publisher: nack', async () => {
    const link = await bench.link()
    const it = await talk(link)
    await link.add('amqp_drop', 'upstream', { tell: 'nack', nth: 3 })
    it.publish(...TEN)
    await until('all are told', () => it.told.size === 10)
    expect([...it.told].filter(([, how]) => how === 'nack')).to.deep.equal([['m 3', 'nack']])
    await link.remove()
    await isSane(bench, it, [link])
  })

  it('a publisher: nothing, and what it publishes next is confirmed under its own numbers', async () => {
    const link = await bench.link()
    const it = await talk(link)
    await link.add('amqp_drop', 'upstream', { tell: 'nothing', nth: 3 })
    it.publish(...TEN)
    await until('the others are told', () => it.told.size === 9)
    expect(it.told.has('m 3')).to.equal(false)
    await link.remove()
    await isSane(bench, it, [link])
    // The end of its channel is all that amqplib has to tell of it.
    expect(it.told.get('m 3')).to.not.equal('ok')
  })

  for (const acksEach of [1, 4])
    it(`a broker: nothing, and it delivers again once the channel is gone: ${acksEach} acks at once`, async () => {
      const link = await bench.link()
      const it = await talk(link, { prefetch: 20, acksEach })
      await link.add('amqp_drop', 'downstream', { tell: 'nothing', nth: 3 })
      it.publish(...TEN)
      await until('the others have come', () => it.received.length === 9)
      expect(it.received).to.not.include('m 3')
      await link.remove()
      await it.open()
      await until('it comes again', () => it.redelivered.length === 1)
      expect(it.redelivered).to.deep.equal(['m 3'])
      await isSane(bench, it, [link])
    })

  it('a broker: nack, and it is gone for good', async () => {
    const link = await bench.link()
    const it = await talk(link, { prefetch: 1 })
    await link.add('amqp_drop', 'downstream', { tell: 'nack', nth: 3 })
    it.publish(...TEN)
    await until('the others have come', () => it.received.length === 9)
    await link.remove()
    await it.open()
    await isSane(bench, it, [link])
    expect(it.received).to.not.include('m 3')
  })

  it('a publisher without confirms: nothing', async () => {
    const link = await bench.link()
    const it = await talk(link, { confirms: false })
    await link.add('amqp_drop', 'upstream', { tell: 'nack', nth: 3 })
    it.publish(...TEN)
    await it.hasPassed(TEN.filter((text) => text !== 'm 3'))
    await link.remove()
    await isSane(bench, it, [link])
  })

  it('a consumer that acks nothing has no ack to be struck', async () => {
    const link = await bench.link()
    await link.add('amqp_ack', 'upstream', { count: 0 })
    const channel = await (await link.connect()).createChannel()
    const { queue } = await channel.assertQueue('')
    let came = 0
    await channel.consume(queue, () => (came += 1), { noAck: true })
    for (const text of TEN) channel.sendToQueue(queue, Buffer.from(text))
    await until('all have come', () => came === 10)
    expect(link.struck).to.equal(0)
    await link.close()
  })
})
