import { connect, type Channel, type ConsumeMessage, type GetMessage } from 'amqplib'
import type { Session } from '../../scenario/session.ts'
import { poll } from '../../util/poll.ts'
import { identify, type Identified } from './identity.helper.ts'

const EXCHANGE = 'openstack'
const LIMIT_MS = 20_000
/** Above Mistral's own consumers, which have none: as long as it takes more, the others get nothing. */
const FIRST = 10

/** A message that somebody has got hold of. */
export interface Held extends Identified {
  content: Buffer
  properties: GetMessage['properties']
}

/** Somebody who is at the broker himself, past every link, and does to messages what he likes. */
export interface Hand extends AsyncDisposable {
  /** Gets the first messages of a queue that nobody consumes, for good. */
  get(queue: string, count: number): Promise<Held[]>
  /**
   * Takes the next messages of a queue, for good, before those who consume it. What is not wanted is lost too.
   * @returns When it consumes; `taken` gives what it took and consumes no longer.
   */
  seize(queue: string, count: number, wanted: (message: Held) => boolean): Promise<{ taken: Promise<Held[]> }>
  /** From now on has a copy of what is sent to a queue, the copies in `copies`. */
  spy(queue: string): Promise<{ copies: Held[] }>
  /** Sends the same once more. */
  send(queue: string, message: Held): void
}

export async function openHand({ cluster, plan }: Session): Promise<Hand> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${cluster.rabbitmq.port}/%2F`)
  const channel = await connection.createConfirmChannel()
  const held = ({ content, properties }: GetMessage | ConsumeMessage): Held => ({
    ...identify(plan.rpc, content.toString(), properties),
    content,
    properties,
  })
  return {
    get: async (queue, count) => {
      const got: Held[] = []
      while (got.length < count) {
        const look = async () => (await channel.get(queue)) || undefined
        const message = await poll(look, { what: `a message in ${queue}`, deadlineMs: LIMIT_MS })
        channel.ack(message)
        got.push(held(message))
      }
      return got
    },
    seize: (queue, count, wanted) =>
      seize(channel, queue, count, (message) => {
        const one = held(message)
        return wanted(one) ? one : undefined
      }),
    spy: async (queue) => {
      const copies: Held[] = []
      const { queue: own } = await channel.assertQueue('', { exclusive: true })
      await channel.bindQueue(own, EXCHANGE, queue)
      await channel.consume(own, (message) => message && copies.push(held(message)), { noAck: true })
      return { copies }
    },
    send: (queue, { content, properties }) => void channel.publish(EXCHANGE, queue, content, properties),
    [Symbol.asyncDispose]: async () => {
      await channel.waitForConfirms()
      await connection.close()
    },
  }
}

async function seize(
  channel: Channel,
  queue: string,
  count: number,
  wanted: (message: ConsumeMessage) => Held | undefined,
): Promise<{ taken: Promise<Held[]> }> {
  const taken: Held[] = []
  if (count === 0) return { taken: Promise.resolve(taken) }
  const { promise, resolve, reject } = Promise.withResolvers<Held[]>()
  // One at a time: what it has not acknowledged keeps the next from coming.
  await channel.prefetch(1)
  const took = async (message: ConsumeMessage) => {
    const one = wanted(message)
    if (one) taken.push(one)
    if (taken.length === count) await channel.cancel(message.fields.consumerTag)
    channel.ack(message)
    if (taken.length === count) resolve(taken)
  }
  const onMessage = (message: ConsumeMessage | null) => {
    if (message) took(message).catch(reject)
  }
  await channel.consume(queue, onMessage, { priority: FIRST })
  return { taken: promise }
}
