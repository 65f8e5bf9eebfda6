/** Connections that are cut in the midst of a transfer. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Sends and reads without end. */
export async function busyService(): Promise<Server> {
  const load = Buffer.alloc(2 ** 17)
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('drain', () => socket.write(load))
    socket.resume().write(load)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Ends in whatever way, at the latest by a reset once data has come. */
export async function transfer(port: number, resets: boolean): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1' })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.once('end', () => socket.destroy())
  socket.on('data', () => {
    if (resets) socket.resetAndDestroy()
  })
  socket.write(Buffer.alloc(2 ** 16))
  if (resets) setTimeout(() => socket.resetAndDestroy(), 20)
  await closed
}
