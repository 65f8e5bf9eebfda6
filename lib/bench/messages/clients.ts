/**
 * A publisher and a consumer of amqplib's, in a thread of their own: with confirms and acks, as many messages as go within
 * a time. One order, one answer.
 */
import { parentPort } from 'node:worker_threads'
import { connect, type ConsumeMessage } from 'amqplib'
import { MARKS, RUN_ACTION } from './bodies.ts'

export interface ClientsOrder {
  port: number
  ms: number
}

/** Messages of which all was done, until the last was; and how long that took. */
export interface ClientsDone {
  messages: number
  ms: number
}

const QUEUE = 'bench'
/** Publishes without a confirm, and deliveries without an ack, at most. */
const WINDOW = 500

/** With an identity of its own. */
const bodyOf = (number: number): Buffer =>
  Buffer.from(RUN_ACTION.replaceAll(MARKS.message, number.toString(16).padStart(MARKS.message.length, '0')))

let published = 0

async function run({ port, ms }: ClientsOrder): Promise<ClientsDone> {
  const url = `amqp://guest:guest@127.0.0.1:${port}/%2F`
  const [publisher, consumer] = [await connect(url), await connect(url)]
  const [out, into] = [await publisher.createConfirmChannel(), await consumer.createChannel()]
  await into.assertQueue(QUEUE, { durable: false, autoDelete: true })
  await into.prefetch(WINDOW)
  let confirmed = 0
  let acked = 0
  let sent = 0
  const done = Promise.withResolvers<void>()
  const begun = performance.now()
  const inTime = (): boolean => performance.now() - begun < ms
  const settle = (): void => {
    if (!inTime() && confirmed === sent && acked === sent) done.resolve()
  }
  await into.consume(QUEUE, (message: ConsumeMessage | null) => {
    if (message === null) return done.reject(new Error('the broker has cancelled the consumer'))
    into.ack(message)
    acked += 1
    settle()
  })
  const publish = (): void => {
    sent += 1
    published += 1
    out.publish('', QUEUE, bodyOf(published), { contentType: 'application/json' }, (error: unknown) => {
      if (error !== null && error !== undefined) return done.reject(new Error('a publish was refused'))
      confirmed += 1
      if (inTime()) publish()
      else settle()
    })
  }
  for (let first = 0; first < WINDOW; first += 1) publish()
  await done.promise
  const took = performance.now() - begun
  await Promise.all([publisher.close(), consumer.close()])
  return { messages: sent, ms: took }
}

const port = parentPort
if (port) {
  const say = (done: ClientsDone): void => port.postMessage(done)
  port.on('message', (order: ClientsOrder) => void run(order).then(say))
}
