import type { LaneCounts, WireFact } from '../../ledger/wire-entries.ts'
import type { LaneBytes } from '../../proxy/evidence.ts'
import type { Alteration, Tap } from '../../proxy/tap.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import type { Stream } from '../../toxic.ts'
import { watchAmqp } from './amqp-watch.ts'
import { Calls } from './calls.ts'
import { watchPostgres } from './postgres-watch.ts'

export type RecordFact = (fact: WireFact) => void

/** A connection: its link, and its number on it. */
export interface Place {
  link: string
  connection: number
}

/** Reads both lanes of one connection. */
export interface Watch {
  upstream(bytes: Buffer): void
  downstream(bytes: Buffer): void
  /** What a toxic did to messages, in its place between the bytes. */
  altered(stream: Stream, alteration: Alteration): void
  /** The connection has ended, when so much of each lane had been handed on. */
  ended(handedOn: LaneCounts): void
}

export interface WireWatch {
  /** For the proxies: gives the tap of a connection's lane. */
  tap: (link: string, connection: number, stream: Stream) => Tap | undefined
  onEvent: (event: ProxyEvent) => void
}

/** Several watches as one: each sees every lane and is told of every event, in this order. */
export function together(watches: readonly WireWatch[]): WireWatch {
  return {
    tap: (link, connection, stream) => {
      const taps = watches.flatMap((watch) => watch.tap(link, connection, stream) ?? [])
      if (taps.length < 2) return taps[0]
      return {
        arrived: (bytes, at) => {
          for (const tap of taps) tap.arrived(bytes, at)
        },
        altered: (alteration, at) => {
          for (const tap of taps) tap.altered(alteration, at)
        },
      }
    },
    onEvent: (event) => {
      for (const watch of watches) watch.onEvent(event)
    },
  }
}

/** By the service at the end of a link's name. */
const WATCHES: ReadonlyMap<string, (place: Place, record: RecordFact, calls: Calls) => Watch> = new Map([
  ['rabbitmq', watchAmqp],
  ['postgres', watchPostgres],
])

const serviceOf = (link: string): string => link.slice(link.lastIndexOf('.') + 1)

/** Whether anybody here can read what a link carries. */
export const isWatched = (link: string): boolean => WATCHES.has(serviceOf(link))

const keyOf = (link: string, connection: number): string => `${link}#${connection}`

/**
 * Reads every connection on every link, and journals what passes.
 * @param side On which side of the toxics our proxies stand, see `ConnectionOpened`.
 */
export function watchWire(record: RecordFact, side: 'node' | 'service'): WireWatch {
  const watches = new Map<string, Watch>()
  const calls = new Calls()
  const watchOf = (link: string, connection: number): Watch | undefined => {
    const key = keyOf(link, connection)
    const known = watches.get(key)
    if (known) return known
    const start = WATCHES.get(serviceOf(link))
    if (!start) return undefined
    record({ kind: 'connection.opened', link, connection, side })
    const watch = start({ link, connection }, record, calls)
    watches.set(key, watch)
    return watch
  }
  return {
    tap: (link, connection, stream) => {
      const watch = watchOf(link, connection)
      if (!watch) return undefined
      return {
        arrived: (bytes) => watch[stream](bytes),
        altered: (alteration) => watch.altered(stream, alteration),
      }
    },
    onEvent: (event) => {
      if (event.kind !== 'connection.closed') return
      const { proxy: link, connection, bytes, cut, handedOn } = event
      const watch = watches.get(keyOf(link, connection))
      if (!watch) return
      watches.delete(keyOf(link, connection))
      const forwarded = handedOn ?? counts(bytes, 'sent')
      watch.ended(forwarded)
      record({
        kind: 'connection.closed',
        link,
        connection,
        received: counts(bytes, 'received'),
        forwarded,
        ...(cut && { cutBy: cut.by }),
      })
    },
  }
}

const counts = (bytes: Record<Stream, LaneBytes>, what: 'received' | 'sent'): LaneCounts => ({
  upstream: bytes.upstream[what],
  downstream: bytes.downstream[what],
})
