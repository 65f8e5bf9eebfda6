/**
 * Both ends of the benchmark's connections, in a thread of their own, so that the proxy's thread does only what it is
 * measured for. Each order is answered when it is done. A ping is for a second such thread: a node and a service are
 * never one, and where they are, a direct way has no thread to wake.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { acks, consumerOpening, deliveries, publisherOpening, publishes, publishOf } from './load.ts'

/** `port` is that of the proxy, or of the server itself. */
export type Order =
  /** From now on every connection is given back what it sends. */
  | { kind: 'echo' }
  | { kind: 'messages'; port: number; from: number; count: number }
  | { kind: 'ping'; port: number; rounds: number }
  | { kind: 'stream'; port: number; bytes: number }

export type Done =
  | { kind: 'listening'; port: number }
  | { kind: 'echo' }
  | { kind: 'messages'; ms: number }
  | { kind: 'ping'; microseconds: number[] }
  | { kind: 'stream'; ms: number }

/** Messages of a batch; even, since then all batches are equally long. */
const BATCH = 500
/** Batches under way. */
const WINDOW = 8
const PING_BYTES = 256
/** Channel 1's body frames of 4 KiB, in pieces of 256 KiB, behind a publish that announces them. */
const FRAME_BYTES = 4096
const FRAMES = 64

/** What a server does with a connection, told by its first byte from the client. */
type Serve = (socket: Socket) => void

let serve: Serve = () => {}

async function listen(): Promise<number> {
  const server: Server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** Calls back for each whole piece of `size` bytes, behind the first `skip`. */
function pieces(socket: Socket, skip: number, size: number, onPiece: (number: number) => void): void {
  let received = -skip
  let whole = 0
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length
    for (; received >= (whole + 1) * size; whole += 1) onPiece(whole)
  })
}

/** Publishes, confirms, deliveries and acks of `count` messages, over two connections. */
async function messages(port: number, from: number, count: number): Promise<number> {
  const batches = Math.ceil(count / BATCH)
  const start = (batch: number): number => from + batch * BATCH
  const publishBytes = publishes(from, BATCH).length
  const deliveryBytes = deliveries(from, BATCH).length
  const ackBytes = acks(0, BATCH).length
  const done = Promise.withResolvers<void>()
  const sockets: Socket[] = []

  const brokers: Socket[] = []
  serve = (socket) => {
    brokers.push(socket)
    sockets.push(socket)
  }
  const publisher = await open(port)
  while (brokers.length < 1) await new Promise((resolve) => setImmediate(resolve))
  const consumer = await open(port)
  while (brokers.length < 2) await new Promise((resolve) => setImmediate(resolve))
  sockets.push(publisher, consumer)
  const [publisherBroker, consumerBroker] = brokers as [Socket, Socket]

  const begun = performance.now()
  pieces(publisherBroker, publisherOpening.client.length, publishBytes, (batch) => {
    publisherBroker.write(acks(batch * BATCH, BATCH))
    consumerBroker.write(deliveries(start(batch), BATCH, batch * BATCH))
  })
  pieces(consumer, consumerOpening.broker.length, deliveryBytes, (batch) =>
    consumer.write(acks(batch * BATCH, BATCH)),
  )
  let sent = 0
  const send = (): void => {
    if (sent < batches) publisher.write(publishes(start(sent), BATCH))
    sent += 1
  }
  pieces(publisher, publisherOpening.broker.length, ackBytes, send)
  pieces(consumerBroker, consumerOpening.client.length, ackBytes, (batch) => {
    if (batch === batches - 1) done.resolve()
  })
  publisher.write(publisherOpening.client)
  publisherBroker.write(publisherOpening.broker)
  consumer.write(consumerOpening.client)
  consumerBroker.write(consumerOpening.broker)
  for (let batch = 0; batch < WINDOW; batch += 1) send()
  await done.promise
  const ms = performance.now() - begun
  for (const socket of sockets) socket.destroy()
  return ms
}

/** Round trips of one small publish to another thread that echoes, one after the other, in µs. */
async function ping(port: number, rounds: number): Promise<number[]> {
  const socket = await open(port)
  const message = publishOf(PING_BYTES)
  const times: number[] = []
  socket.write(publisherOpening.client)
  const echoed = Promise.withResolvers<void>()
  let begun = 0
  const next = (): void => {
    begun = performance.now()
    socket.write(message)
  }
  pieces(socket, publisherOpening.client.length, message.length, () => {
    times.push((performance.now() - begun) * 1000)
    if (times.length < rounds) next()
    else echoed.resolve()
  })
  next()
  await echoed.promise
  socket.destroy()
  return times
}

/** One direction as fast as it goes, in ms. */
async function stream(port: number, bytes: number): Promise<number> {
  const arrived = Promise.withResolvers<void>()
  let received = 0
  serve = (socket) =>
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received >= bytes) arrived.resolve()
    })
  const socket = await open(port)
  const piece = publishOf(FRAME_BYTES * FRAMES, FRAME_BYTES)
  const begun = performance.now()
  socket.write(publisherOpening.client)
  for (let sent = 0; sent < bytes; sent += piece.length) if (!socket.write(piece)) await once(socket, 'drain')
  await arrived.promise
  const ms = performance.now() - begun
  socket.destroy()
  return ms
}

const port = parentPort
if (port) {
  const say = (done: Done): void => port.postMessage(done)
  port.on('message', (order: Order) => {
    const run = async (): Promise<Done> => {
      switch (order.kind) {
        case 'echo':
          serve = (socket) => socket.pipe(socket)
          return { kind: 'echo' }
        case 'messages':
          return { kind: 'messages', ms: await messages(order.port, order.from, order.count) }
        case 'ping':
          return { kind: 'ping', microseconds: await ping(order.port, order.rounds) }
        case 'stream':
          return { kind: 'stream', ms: await stream(order.port, order.bytes) }
      }
    }
    void run().then(say)
  })
  void listen().then((listening) => say({ kind: 'listening', port: listening }))
}
