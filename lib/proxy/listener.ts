import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { bindHost, formatAddress, parseAddress, type Address } from './address.ts'

/** A port could not be had. Its text is Toxiproxy's, which clients assert. */
export class ListenError extends Error {
  override name = 'ListenError'
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied',
}

/** A bound port. */
export class Listener {
  /** Resolved: `127.0.0.1:40112`. */
  readonly address: string
  readonly port: number
  readonly #host: string
  readonly #accept: (socket: Socket) => void
  #server: Server | undefined
  #wanted = true
  #opening = false

  constructor(server: Server, accept: (socket: Socket) => void) {
    const { address, port } = server.address() as AddressInfo
    this.address = formatAddress(address, port)
    this.port = port
    this.#host = address
    this.#accept = accept
    this.#server = server
  }

  /** Refuses clients until it is told otherwise. Whose port somebody else has by then has to be told again. */
  open(wanted: boolean): void {
    this.#wanted = wanted
    if (wanted) return void this.#reopen()
    this.#server?.close()
    this.#server = undefined
  }

  /** The port is free again at once; accepted sockets stay. */
  close(): void {
    this.open(false)
  }

  async #reopen(): Promise<void> {
    if (this.#server || this.#opening) return
    this.#opening = true
    const server = await bind({ host: this.#host, port: this.port }, this.#accept).catch(() => undefined)
    this.#opening = false
    if (this.#wanted) this.#server = server
    else server?.close()
  }
}

/**
 * Binds `listen`, `host:port`, port 0 for one of the system's choice.
 * @param accept gets each client's socket, not yet read from.
 * @throws {ListenError}
 */
export async function openListener(listen: string, accept: (socket: Socket) => void): Promise<Listener> {
  const wanted = parseAddress(listen)
  if (!wanted) throw new ListenError(`listen tcp: address ${listen}: expected host:port`)
  const server = await bind({ ...wanted, host: bindHost(wanted.host) }, accept)
  return new Listener(server, accept)
}

function bind({ host, port }: Address, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = reasons[error.code ?? ''] ?? error.message
      const lookup = error.code === 'ENOTFOUND'
      const text = lookup
        ? `listen tcp: lookup ${host}: no such host`
        : `listen tcp ${formatAddress(host, port)}: ${reason}`
      reject(new ListenError(text, { cause: error }))
    })
    server.listen({ port, host: host || undefined }, () => resolve(server))
  })
}
