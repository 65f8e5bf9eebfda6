/**
 * The server behind every way, in a thread of its own: what a connection is for is told by its first nine bytes,
 * a letter and a number.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { HEAD_BYTES, readHead, stampNow } from './head.ts'

const PIECE = Buffer.alloc(2 ** 16, 'x')

/** What is done with what comes behind the head; the first answer says that the way is open. */
const SERVICES: Record<string, (socket: Socket, amount: number) => void> = {
  /** Sends back what comes. */
  e: (socket) => {
    socket.write('e')
    socket.on('data', (bytes: Buffer) => socket.write(bytes))
  },
  /** Takes `amount` bytes and then says so. */
  s: (socket, amount) => {
    socket.write('s')
    let left = amount
    socket.on('data', (bytes: Buffer) => {
      left -= bytes.length
      if (left <= 0) socket.write('.')
    })
  },
  /** Gives `amount` bytes. */
  g: (socket, amount) => {
    let left = amount
    const give = (): void => {
      while (left > 0) {
        const bytes = PIECE.subarray(0, Math.min(left, PIECE.length))
        left -= bytes.length
        if (!socket.write(bytes)) return
      }
    }
    socket.on('drain', give)
    give()
  },
  /** Answers each byte with the time at which it answers. */
  t: (socket) => {
    socket.write('t')
    socket.on('data', (bytes: Buffer) => {
      for (let n = 0; n < bytes.length; n += 1) socket.write(stampNow())
    })
  },
  /** Stops reading. */
  x: (socket) => {
    socket.write('x')
    socket.pause()
  },
  /** Answers each request of HTTP with `amount` bytes. */
  h: (socket, amount) => {
    socket.write('h')
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${amount}\r\n\r\n`
    const answer = Buffer.concat([Buffer.from(head), Buffer.alloc(amount, 'x')])
    socket.on('data', () => socket.write(answer))
  },
}

const port = parentPort
if (port) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (bytes: Buffer) => {
      const { service, amount } = readHead(bytes)
      SERVICES[service]?.(socket, amount)
      if (bytes.length > HEAD_BYTES) socket.emit('data', bytes.subarray(HEAD_BYTES))
    })
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  port.postMessage((server.address() as AddressInfo).port)
}
