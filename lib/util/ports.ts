import { createServer } from 'node:net'

/**
 * A loopback port that was free a moment ago, chosen by the system, for a program that cannot choose one
 * itself. Somebody else may take it before that program does: the caller tries again on another.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}
