import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Whom a server listens to. */
export interface Access {
  /** The host that it is bound to. */
  host: string
  /** Without it a request is refused, if there is one. */
  token?: string | undefined
}

/** The path that a request is for, without its token; or why it is refused. */
export type Admission = { path: string } | { refused: string; status: 401 | 403 }

/**
 * Refuses a request that a web page may have made, or that does not have the token. A page's requests carry an Origin,
 * and a name that its owner has pointed at this machine (DNS rebinding) shows in Host; a page does not have the token.
 */
export function admit({ headers, url = '' }: IncomingMessage, { host, token }: Access): Admission {
  const path = url.replace(/\?.*$/, '')
  if (headers.origin !== undefined) return refusal('Origin not allowed')
  if (headers['user-agent']?.startsWith('Mozilla/')) return refusal('User agent not allowed')
  if (token !== undefined) return admitToken(path, headers.authorization, token)
  const named = headers.host
  return named !== undefined && !isOurs(hostName(named), host) ? refusal('Host not allowed') : { path }
}

/** On loopback nobody else than this machine's users can reach a server. */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const refusal = (refused: string): Admission => ({ refused, status: 403 })

/** Most clients cannot send headers: for them the token is the path's first part. */
function admitToken(path: string, authorization = '', token: string): Admission {
  const [, first = '', rest = ''] = /^\/([^/]*)(\/.*)$/.exec(path) ?? []
  if (isSame(first, token)) return { path: rest }
  const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  if (bearer !== undefined && isSame(bearer, token)) return { path }
  return { refused: 'Authorization: Bearer TOKEN, or /TOKEN before the path', status: 401 }
}

/** Takes the same time, however much of it is right. */
const isSame = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const hostName = (host: string): string =>
  host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()

function isOurs(host: string, bound: string): boolean {
  if (isLoopback(host) || host === bound.toLowerCase()) return true
  // Bound to all interfaces: any address, and names without a dot, as containers have them, are no web site's.
  const boundToAll = bound === '0.0.0.0' || bound === '::'
  return boundToAll && (isIP(host) > 0 || !host.includes('.'))
}
