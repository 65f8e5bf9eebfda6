import type { ServerResponse } from 'node:http'
import type { LaneBytes } from '../proxy/evidence.ts'
import type { ProxyEvent } from '../proxy/events.ts'
import type { Stream } from '../toxic.ts'
import { Recent } from '../util/recent.ts'
import { toxicView, type ToxicView } from './views.ts'

/** So many events are kept for whoever comes later. */
const KEPT = 1000
/** A listener that leaves so many bytes unread is let go: it may come again and say what it has seen. */
const MOST_UNREAD = 2 ** 20

/** An event as JSON; what its kind has no use for is left out. */
export interface EventView {
  /** 1, 2, 3 … in the order in which they happened on this server. */
  id: number
  /** ISO 8601. */
  time: string
  kind: ProxyEvent['kind']
  proxy: string
  connection?: number
  /** The client's address, and ours towards the server, once that has accepted the connection. */
  client?: string
  upstream_local?: string
  /** Why a connection was closed: a toxic's name, `disabled`, `closed by API` or `closed by its peers`; or was spared. */
  reason?: string
  bytes?: Record<Stream, LaneBytes>
  toxic?: ToxicView
  /** The name of the toxic that has done something to a connection, for the first time. */
  by?: string
  /** The message that a toxic was told to strike, in a few words. */
  message?: string
  expires_at?: string
  /** Which of the parts failed: a toxic's name, `tap` or `lease`. */
  what?: string
  error?: string
}

/** Comes behind the events that were kept: what follows it happens now. */
export const CAUGHT_UP = ': caught up'

/** The events of all proxies, told to whoever listens as server-sent events. */
export class EventFeed {
  readonly #recent = new Recent<number, EventView>(KEPT)
  readonly #listeners = new Set<ServerResponse>()
  #told = 0

  tell(event: ProxyEvent): void {
    this.#told += 1
    const view = eventView(this.#told, event)
    this.#recent.set(view.id, view)
    if (this.#listeners.size === 0) return
    const text = written(view)
    for (const listener of this.#listeners) {
      if (listener.writableLength > MOST_UNREAD) listener.destroy()
      else listener.write(text)
    }
  }

  /** @param seen the number of the last event that it knows. */
  open(listener: ServerResponse, seen: number): void {
    listener.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    const missed = [...this.#recent.values()].filter(({ id }) => id > seen)
    listener.write(`${missed.map(written).join('')}${CAUGHT_UP}\n\n`)
    this.#listeners.add(listener)
    listener.once('close', () => this.#listeners.delete(listener))
  }
}

const written = (view: EventView): string =>
  `id: ${view.id}\nevent: ${view.kind}\ndata: ${JSON.stringify(view)}\n\n`

function eventView(id: number, event: ProxyEvent): EventView {
  const { kind, proxy } = event
  return { id, time: new Date().toISOString(), kind, proxy, ...detailsOf(event) }
}

function detailsOf(event: ProxyEvent): Partial<EventView> {
  switch (event.kind) {
    case 'connection.opened':
      return { connection: event.connection }
    case 'connection.dialled':
      return { connection: event.connection, client: event.client, upstream_local: event.upstreamLocal }
    case 'connection.closed':
      return {
        connection: event.connection,
        reason: event.cut?.by ?? 'closed by its peers',
        bytes: event.bytes,
      }
    case 'dial.failed':
      return { connection: event.connection, error: event.error }
    case 'toxic.acted':
      return { connection: event.connection, by: event.by }
    case 'toxic.spared':
      return { connection: event.connection, by: event.by, reason: event.reason }
    case 'toxic.struck':
      return { connection: event.connection, by: event.by, message: event.message }
    case 'toxic.added':
    case 'toxic.updated':
    case 'toxic.removed':
    case 'toxic.expired':
      return { toxic: toxicView(event.toxic) }
    case 'disabled':
      return event.expiresAt ? { expires_at: event.expiresAt.toISOString() } : {}
    case 'failed': {
      const { what, error, connection } = event
      return { what, error, ...(connection !== undefined && { connection }) }
    }
    case 'enabled':
    case 'disabling.expired':
    case 'removed':
      return {}
  }
}
