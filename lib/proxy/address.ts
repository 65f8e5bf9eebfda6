import { isIPv6 } from 'node:net'

/** Where to listen or to dial. An empty host listens on all interfaces. */
export interface Address {
  host: string
  port: number
}

/** Reads `host:port` or `[v6]:port`; undefined if it is not that. The system takes no host with a NUL in it. */
export function parseAddress(text: string): Address | undefined {
  const parts = /^(?:\[([^\]\0]*)\]|([^:[\]\0]*)):(\d{1,5})$/.exec(text)
  if (!parts) return undefined
  const port = Number(parts[3])
  return port > 65535 ? undefined : { host: parts[1] ?? parts[2] ?? '', port }
}

/** Where a proxy dials: a port, or a Unix socket. */
export type Destination = Address | { path: string }

/** Reads an address, or the path of a Unix socket as `unix:/run/db.sock`; undefined if it is neither. */
export function parseDestination(text: string): Destination | undefined {
  const path = /^unix:(\/[^\0]+)$/.exec(text)?.[1]
  return path === undefined ? parseAddress(text) : { path }
}

/** @throws {TypeError} if it is none. */
export function destinationOf(text: string): Destination {
  const parsed = parseDestination(text)
  if (!parsed) throw new TypeError(`not an address: ${text}`)
  return parsed
}

export const formatAddress = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`

/** `localhost` is 127.0.0.1 to clients that split addresses at the colon. */
export const bindHost = (host: string): string => (host.toLowerCase() === 'localhost' ? '127.0.0.1' : host)
