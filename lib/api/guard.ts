import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Why a request is refused that a web page may have made; undefined if it is not. A page's requests carry an
 * Origin, and a name that its owner has pointed at this machine (DNS rebinding) shows in Host.
 * @param bound the host that the server is bound to.
 */
export function refusal({ headers }: IncomingMessage, bound: string): string | undefined {
  if (headers.origin !== undefined) return 'Origin not allowed'
  if (headers.host !== undefined && !isOurs(hostName(headers.host), bound)) return 'Host not allowed'
  return headers['user-agent']?.startsWith('Mozilla/') ? 'User agent not allowed' : undefined
}

const hostName = (host: string): string =>
  host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()

function isOurs(host: string, bound: string): boolean {
  if (host === 'localhost' || host === '::1' || host === bound.toLowerCase()) return true
  if (isIP(host) === 4 && host.startsWith('127.')) return true
  // Bound to all interfaces: any address, and names without a dot, as containers have them, are no web site's.
  const boundToAll = bound === '0.0.0.0' || bound === '::'
  return boundToAll && (isIP(host) > 0 || !host.includes('.'))
}
