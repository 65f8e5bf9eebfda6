import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Proxies } from '../proxy/proxies.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { ToxicDefinition } from '../toxic.ts'
import type { LeasedToxic } from '../proxy/toxics.ts'
import { ApiError } from './errors.ts'
import type { EventFeed } from './events.ts'

/** What the routes work on. */
export interface Service {
  proxies: Proxies
  definitions: readonly ToxicDefinition[]
  feed: EventFeed
  /** The metrics as Prometheus text, if they are on. */
  metrics: (() => Promise<string>) | undefined
}

/** A matched request. */
export interface Call extends Service {
  /** The path's variable parts, decoded. */
  names: string[]
  headers: IncomingHttpHeaders
  /** Reads the body, which is done after what the path names has been found. */
  body: () => Promise<unknown>
}

/** An answer: with a body to be written as JSON, or with its text, or one that goes on. */
export type Answer =
  | { status: number; body?: unknown }
  | { status: number; text: string; type: string }
  | { status: number; goesOn: (response: ServerResponse) => void }

export interface Route {
  verbs: string[]
  /** `*` is a name. */
  path: string
  handle: (call: Call) => Answer | Promise<Answer>
}

export const ok = (body: unknown): Answer => ({ status: 200, body })

/** @throws {ApiError} */
export function proxyOf({ proxies, names }: Call): Proxy {
  const proxy = proxies.get(names[0] ?? '')
  if (!proxy) throw new ApiError('proxyNotFound')
  return proxy
}

/** @throws {ApiError} */
export function toxicOf(call: Call): LeasedToxic {
  const toxic = proxyOf(call).toxics.get(call.names[1] ?? '')
  if (!toxic) throw new ApiError('toxicNotFound')
  return toxic
}
