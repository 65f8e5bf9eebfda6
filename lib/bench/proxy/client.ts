/** The clients that load a way; each gives what it measured. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { head, sharedNow, STAMP_BYTES } from './head.ts'

const PIECE = Buffer.alloc(2 ** 18, 'x')

/** A connection on which the service has answered. */
async function open(port: number, service: string, amount = 0): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => socket.destroy())
  socket.write(head(service, amount))
  if (service !== 'g') await once(socket, 'data')
  return socket
}

/** As many at a time as the service's queue of connections takes. */
export async function openMany(port: number, service: string, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => open(port, service)))))
  }
  return sockets
}

/** Round trips one after the other, in µs. */
export async function pingPong(port: number, size: number, rounds: number): Promise<number[]> {
  const socket = await open(port, 'e')
  const message = Buffer.alloc(size, 'x')
  const times: number[] = []
  const done = Promise.withResolvers<void>()
  let begun = performance.now()
  let left = size
  socket.on('data', (bytes: Buffer) => {
    left -= bytes.length
    if (left > 0) return
    left = size
    const now = performance.now()
    times.push((now - begun) * 1000)
    if (times.length === rounds) return done.resolve()
    begun = performance.now()
    socket.write(message)
  })
  socket.write(message)
  await done.promise
  socket.destroy()
  return times
}

/** `count` connections at once that each send their part of `bytes`; ms until all has arrived. */
export async function stream(port: number, bytes: number, count: number): Promise<number> {
  const each = bytes / count
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port, 's', each)))
  const begun = performance.now()
  await Promise.all(
    sockets.map(async (socket) => {
      const arrived = once(socket, 'data')
      for (let sent = 0; sent < each; sent += PIECE.length)
        if (!socket.write(PIECE)) await once(socket, 'drain')
      await arrived
    }),
  )
  const ms = performance.now() - begun
  for (const socket of sockets) socket.destroy()
  return ms
}

/** Connections made, asked one thing on and closed, per second; `parallel` at a time. */
export async function connections(port: number, parallel: number, forMs: number): Promise<number> {
  const begun = performance.now()
  let made = 0
  const loop = async (): Promise<void> => {
    while (performance.now() - begun < forMs) {
      const socket = await open(port, 'e')
      socket.end()
      await once(socket, 'close')
      made += 1
    }
  }
  await Promise.all(Array.from({ length: parallel }, loop))
  return (made / (performance.now() - begun)) * 1000
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n'

/** Requests answered per second on `count` connections, each with one request under way. */
export async function http(port: number, size: number, count: number, forMs: number): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port, 'h', size)))
  const begun = performance.now()
  let answered = 0
  await Promise.all(
    sockets.map((socket) => {
      const over = Promise.withResolvers<void>()
      let left = 0
      socket.on('data', (bytes: Buffer) => {
        // Of the answer's head only its first line break matters: head and body come as one write.
        left = (left || bytes.indexOf('\r\n\r\n') + 4 + size) - bytes.length
        if (left > 0) return
        answered += 1
        if (performance.now() - begun < forMs) return void socket.write(REQUEST)
        over.resolve()
      })
      socket.write(REQUEST)
      return over.promise
    }),
  )
  const ms = performance.now() - begun
  for (const socket of sockets) socket.destroy()
  return (answered / ms) * 1000
}

/**
 * How long answers were under way, in ms, on `count` connections that each ask `rounds` times; they begin within
 * `spreadMs`, so that they do not ask as one.
 */
export async function underWay(
  port: number,
  count: number,
  rounds: number,
  spreadMs: number,
): Promise<number[]> {
  const sockets = await openMany(port, 't', count)
  const times: number[] = []
  await Promise.all(
    sockets.map((socket, index) => {
      const over = Promise.withResolvers<void>()
      let asked = 1
      socket.on('data', (bytes: Buffer) => {
        const now = sharedNow()
        for (let from = 0; from + STAMP_BYTES <= bytes.length; from += STAMP_BYTES)
          times.push(now - bytes.readDoubleLE(from))
        if (asked === rounds) return over.resolve()
        asked += 1
        socket.write('?')
      })
      setTimeout(() => socket.write('?'), (spreadMs * index) / count)
      return over.promise
    }),
  )
  for (const socket of sockets) socket.destroy()
  return times
}

/** What came of `bytes` that the service gives as fast as it may. */
export interface Paced {
  /** Bytes per ms between the first and the last arrival. */
  rate: number
  /** Bytes of each arrival. */
  arrivals: number[]
}

export async function paced(port: number, bytes: number): Promise<Paced> {
  const socket = await open(port, 'g', bytes)
  const arrivals: number[] = []
  const done = Promise.withResolvers<void>()
  let [first, last, received] = [0, 0, 0]
  socket.on('data', ({ length }: Buffer) => {
    last = performance.now()
    first ||= last
    received += length
    arrivals.push(length)
    if (received >= bytes) done.resolve()
  })
  await done.promise
  socket.destroy()
  return { rate: (received - (arrivals[0] ?? 0)) / (last - first), arrivals }
}

/** Sends `bytes` on each connection, whose service does not read, until no more of them is taken. */
export async function fill(sockets: readonly Socket[], bytes: number): Promise<void> {
  const load = Buffer.alloc(bytes, 'x')
  for (const socket of sockets) socket.write(load)
  const waiting = () => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0)
  let [before, now] = [Infinity, waiting()]
  while (now > 0 && now < before) {
    await pause(300)
    ;[before, now] = [now, waiting()]
  }
}
