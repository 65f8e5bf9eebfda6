import { createServer, type AddressInfo, type Socket } from 'node:net'
import { bindHost, formatAddress, parseAddress } from './address.ts'

/** A port could not be had. Its text is Toxiproxy's, which clients assert. */
export class ListenError extends Error {
  override name = 'ListenError'
}

/** A bound port. */
export interface Listener {
  /** Resolved: `127.0.0.1:40112`. */
  readonly address: string
  readonly port: number
  /** The port is free again at once; accepted sockets stay. */
  close(): void
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied',
}

/**
 * Binds `listen`, `host:port`, port 0 for one of the system's choice.
 * @param accept gets each client's socket, not yet read from.
 * @throws {ListenError}
 */
export function openListener(listen: string, accept: (socket: Socket) => void): Promise<Listener> {
  const wanted = parseAddress(listen)
  if (!wanted) return Promise.reject(new ListenError(`listen tcp: address ${listen}: expected host:port`))
  const host = bindHost(wanted.host)
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = reasons[error.code ?? ''] ?? error.message
      const lookup = error.code === 'ENOTFOUND'
      const text = lookup
        ? `listen tcp: lookup ${host}: no such host`
        : `listen tcp ${formatAddress(host, wanted.port)}: ${reason}`
      reject(new ListenError(text, { cause: error }))
    })
    server.listen(wanted.port, host || undefined, () => {
      const { address, port } = server.address() as AddressInfo
      resolve({ address: formatAddress(address, port), port, close: () => void server.close() })
    })
  })
}
