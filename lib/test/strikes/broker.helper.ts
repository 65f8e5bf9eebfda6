/** What the tests of toxics that act on messages share: a RabbitMQ of our own behind our server, and clients of amqplib. */
import { connect, type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import { expect } from 'chai'
import { startToxiproxy, type RunningToxiproxy } from '../../api/server.ts'
import { DEBIAN_PYTHON, findPrograms } from '../../cluster/programs.ts'
import { startRabbitMq } from '../../cluster/rabbitmq.ts'
import { layYard, type Yard } from '../../cluster/yard.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import type { AttributeValues, Stream } from '../../toxic.ts'
import { poll } from '../../util/poll.ts'
import { toxics } from '../../../toxics/index.ts'

const DEADLINE_MS = 8000

export const until = (what: string, holds: () => boolean): Promise<true> =>
  poll(() => holds() || undefined, { what, deadlineMs: DEADLINE_MS, everyMs: 2 })

/** A link to the broker, and the clients on it. */
export class Link {
  readonly name: string
  readonly #bench: StrikeBench
  readonly #listen: string
  readonly connections: ChannelModel[] = []

  constructor(bench: StrikeBench, name: string, listen: string) {
    this.#bench = bench
    this.name = name
    this.#listen = listen
  }

  /** How its connections and channels end is told to whoever asks. */
  async connect(heartbeat = 0): Promise<ChannelModel> {
    const connection = await connect(`amqp://guest:guest@${this.#listen}/%2F?heartbeat=${heartbeat}`)
    connection.on('error', () => {})
    this.connections.push(connection)
    return connection
  }

  async add(type: string, stream: Stream, attributes: AttributeValues = {}): Promise<void> {
    await this.#bench.call('POST', `/proxies/${this.name}/toxics`, { type, name: 'it', stream, attributes })
  }

  async remove(): Promise<void> {
    await this.#bench.call('DELETE', `/proxies/${this.name}/toxics/it`)
  }

  /** How many messages its toxics have struck. */
  get struck(): number {
    return this.#bench.server.evidence(this.name)?.toxics.messagesStruck ?? 0
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.connections.map((connection) => connection.close()))
    await this.#bench.call('DELETE', `/proxies/${this.name}`)
  }
}

/** A broker of one's own, with our server before it. */
export class StrikeBench {
  readonly server: RunningToxiproxy
  readonly events: ProxyEvent[]
  readonly #yard: Yard
  readonly #port: number
  #links = 0

  constructor(server: RunningToxiproxy, events: ProxyEvent[], yard: Yard, port: number) {
    this.server = server
    this.events = events
    this.#yard = yard
    this.#port = port
  }

  async link(): Promise<Link> {
    this.#links += 1
    const name = `link-${this.#links}`
    const { listen } = (await this.call('POST', '/proxies', {
      name,
      listen: '127.0.0.1:0',
      upstream: `127.0.0.1:${this.#port}`,
    })) as { listen: string }
    return new Link(this, name, listen)
  }

  /** Messages that are ready in a queue, asked for past our server, once the broker has put back what was not acked. */
  async left(queue: string): Promise<number> {
    const connection = await connect(`amqp://guest:guest@127.0.0.1:${this.#port}/%2F`)
    try {
      const channel = await connection.createChannel()
      return (await channel.checkQueue(queue)).messageCount
    } finally {
      await connection.close()
    }
  }

  /** How many connections of a link are open. */
  connections({ name }: Link): number {
    return this.server.evidence(name)?.connections.open ?? 0
  }

  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.server.url + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  async end(): Promise<void> {
    await this.server.close()
    await this.#yard.abandon()
  }
}

/** Links are followed from their beginning, as a cluster's are, so that toxics act on live connections. */
export async function startBench(): Promise<StrikeBench> {
  const yard = layYard(
    { name: 'strikes', rpc: 'oslo', python: DEBIAN_PYTHON, urls: {}, onEvent: () => {} },
    'none',
  )
  try {
    const rabbitmq = await startRabbitMq(yard.ground, findPrograms(), yard.launch)
    await rabbitmq.serving()
    const events: ProxyEvent[] = []
    const onEvent = (event: ProxyEvent) => void events.push(event)
    const server = await startToxiproxy({ toxics, seed: 'strikes', follows: () => true, onEvent })
    return new StrikeBench(server, events, yard, rabbitmq.port)
  } catch (error) {
    await yard.abandon()
    throw error
  }
}

export interface TalkOptions {
  prefetch?: number
  confirms?: boolean
  /** Acks so many at once. */
  acksEach?: number
  /** Where it publishes, if not on the same link. */
  from?: Link
}

/** A publisher and a consumer of one queue, each on a connection of its own. */
export class Talk {
  readonly queue: string
  readonly options: TalkOptions
  readonly received: string[] = []
  readonly redelivered: string[] = []
  /** By message: how the broker answered. */
  readonly told = new Map<string, 'ok' | 'nack'>()
  /** How channels ended, and consumers. */
  readonly ends: string[] = []
  acks: 'acks' | 'nacks' = 'acks'
  readonly #connections: Record<'publisher' | 'consumer', ChannelModel>
  #channels: { out: Channel | ConfirmChannel; into: Channel } | undefined
  #unacked = 0

  constructor(
    connections: Record<'publisher' | 'consumer', ChannelModel>,
    queue: string,
    options: TalkOptions,
  ) {
    this.#connections = connections
    this.queue = queue
    this.options = options
  }

  get #out(): Channel | ConfirmChannel {
    if (!this.#channels) throw new Error('a talk that has not been opened')
    return this.#channels.out
  }

  get #into(): Channel {
    if (!this.#channels) throw new Error('a talk that has not been opened')
    return this.#channels.into
  }

  async consume(): Promise<void> {
    const into = this.#into
    this.#unacked = 0
    const { prefetch } = this.options
    if (prefetch !== undefined) await into.prefetch(prefetch)
    await into.consume(this.queue, (message) => this.#delivered(into, message))
  }

  /** Opens channels, instead of those that it had, and consumes. */
  async open(): Promise<this> {
    const { publisher, consumer } = this.#connections
    const { confirms = true } = this.options
    await this.close()
    const out = confirms ? await publisher.createConfirmChannel() : await publisher.createChannel()
    const into = await consumer.createChannel()
    for (const channel of [out, into])
      channel.on('error', (error: { code?: number }) => this.ends.push(`closed ${error.code}`))
    await into.assertQueue(this.queue, { durable: false })
    this.#channels = { out, into }
    await this.consume()
    return this
  }

  publish(...texts: string[]): void {
    for (const text of texts) {
      if (!('waitForConfirms' in this.#out)) this.#out.publish('', this.queue, Buffer.from(text))
      else
        this.#out.publish('', this.queue, Buffer.from(text), {}, (error: unknown) => {
          this.told.set(text, error === null || error === undefined ? 'ok' : 'nack')
        })
    }
  }

  /** All have come, each once, and were confirmed. */
  async hasPassed(texts: readonly string[]): Promise<void> {
    await until(`${texts.length} have come`, () => texts.every((text) => this.received.includes(text)))
    if ('waitForConfirms' in this.#out)
      await until('they are confirmed', () => texts.every((text) => this.told.get(text) === 'ok'))
  }

  #delivered(into: Channel, message: ConsumeMessage | null): void {
    if (message === null) return void this.ends.push('cancelled')
    const text = message.content.toString()
    this.received.push(text)
    if (message.fields.redelivered) this.redelivered.push(text)
    if (this.acks === 'nacks') return into.nack(message)
    this.#unacked += 1
    const { acksEach = 1 } = this.options
    if (acksEach === 1) into.ack(message)
    else if (this.#unacked % acksEach === 0) into.ack(message, true)
  }

  /** Acks whatever is not acked, and closes its channels, as far as they are open. */
  async close(): Promise<void> {
    if (!this.#channels) return
    const { out, into } = this.#channels
    this.#channels = undefined
    // What is sent before the broker has closed a channel has arrived.
    const close = async (channel: Channel): Promise<void> => {
      if (channel === into && (this.options.acksEach ?? 1) > 1) channel.ackAll()
      await channel.close()
    }
    await Promise.allSettled([close(out), close(into)])
  }
}

let talks = 0

export async function talk(link: Link, options: TalkOptions = {}): Promise<Talk> {
  const { from = link } = options
  talks += 1
  const connections = { publisher: await from.connect(), consumer: await link.connect() }
  return new Talk(connections, `talk-${talks}`, options).open()
}

/** A hundred more messages pass, each once, are confirmed and acked, and nothing is left in the queue. */
export async function isSane(bench: StrikeBench, it: Talk, links: readonly Link[]): Promise<void> {
  const begun = it.received.length
  const more = Array.from({ length: 100 }, (_, index) => `more ${index}`)
  it.publish(...more)
  await it.hasPassed(more)
  expect(it.received.slice(begun)).to.deep.equal(more)
  await it.close()
  for (const link of links) await link.close()
  expect(await bench.left(it.queue)).to.equal(0)
}

export const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index + 1}`)
