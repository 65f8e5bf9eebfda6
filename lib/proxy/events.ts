import type { Stream } from '../toxic.ts'
import type { Cut, LaneBytes } from './evidence.ts'
import type { LeasedToxic, ToxicsChange } from './toxics.ts'

/** What happens on a proxy, as it happens; `at` is monotonic ms. */
export type ProxyEvent = { proxy: string; at: number } & (
  | { kind: 'connection.opened'; connection: number }
  /** The client's address, and ours towards the server. */
  | { kind: 'connection.dialled'; connection: number; client: string; upstreamLocal: string }
  | {
      kind: 'connection.closed'
      connection: number
      cut: Cut | undefined
      bytes: Record<Stream, LaneBytes>
      /** How far each lane, as its tap has seen it, was handed on, where messages were followed. */
      handedOn?: Record<Stream, number> | undefined
    }
  | { kind: 'dial.failed'; connection: number; error: string }
  /** A toxic, named, has done something to a connection for the first time. */
  | { kind: 'toxic.acted'; connection: number; by: string }
  /** A toxic that acts on messages, named, cannot act on a connection, or not on a message of it that may be meant. */
  | { kind: 'toxic.spared'; connection: number; by: string; reason: string }
  /** It was told to strike a message; the identity of its call, or of what it answers, where it has one. */
  | { kind: 'toxic.struck'; connection: number; by: string; message: string; identity?: string | undefined }
  | ProxyChanged
  /** `what`: a toxic's name, `tap`, or `lease`. */
  | { kind: 'failed'; what: string; connection?: number; error: string }
)

/** A fault was set, changed or taken away after the proxy had been made, whoever did it. */
export type ProxyChanged =
  | { kind: `toxic.${ToxicsChange}`; toxic: LeasedToxic }
  /** Until when, on the wall clock, where it has a lease. */
  | { kind: 'disabled'; expiresAt: Date | undefined }
  | { kind: 'enabled' }
  /** Enabled by the end of a lease. */
  | { kind: 'disabling.expired' }
  /** The proxy is gone. */
  | { kind: 'removed' }

/** An event as its proxy tells it; the rest is added for all. */
export type EventWithout<E> = E extends unknown ? Omit<E, 'proxy' | 'at'> : never
