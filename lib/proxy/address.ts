import { isIPv6 } from 'node:net'

/** Where to listen or to dial. An empty host listens on all interfaces. */
export interface Address {
  host: string
  port: number
}

/** Reads `host:port` or `[v6]:port`; undefined if it is not that. */
export function parseAddress(text: string): Address | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  if (!parts) return undefined
  const port = Number(parts[3])
  return port > 65535 ? undefined : { host: parts[1] ?? parts[2] ?? '', port }
}

export const formatAddress = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`

/** `localhost` is 127.0.0.1 to clients that split addresses at the colon. */
export const bindHost = (host: string): string => (host.toLowerCase() === 'localhost' ? '127.0.0.1' : host)
