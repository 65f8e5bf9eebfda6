import type { Stream } from '../toxic.ts'
import { StrikeCount, type Strikes } from './strikes.ts'

/** Cuts that are listed; the counters know of all. */
const CUTS_KEPT = 1000

/** Why a connection was cut. `api`: its proxy was moved, or the server closed; that is no fault. */
export type Cause = { kind: 'disabled' } | { kind: 'api' } | { kind: 'toxic'; name: string }

/** Bytes of one direction: received = sent + held + dropped, but for what a toxic inserted. */
export interface LaneBytes {
  received: number
  /** Taken over by the system for the destination. */
  sent: number
  /** In hand: delayed by toxics, or waiting for a destination that does not read. */
  held: number
  /** Swallowed by toxics, or still in hand when the connection was cut. */
  dropped: number
}

export interface Cut {
  connection: number
  /** Monotonic ms. */
  at: number
  ageMs: number
  /** Received from the client, and from the server, until then. */
  upstreamBytes: number
  downstreamBytes: number
  /** `disabled` (or deleted), a toxic's name, or `closed by API`. */
  by: string
}

/** All that a proxy did since it was made; a reader subtracts two readings. */
export interface Evidence {
  /** Monotonic ms of this reading. */
  at: number
  connections: {
    opened: number
    open: number
    closed: number
    /** By disabling, deleting, or a toxic. */
    cutByFault: number
    dialsFailed: number
  }
  lanes: Record<Stream, LaneBytes>
  toxics: Strikes
  /** The last 1000, oldest first. */
  cuts: Cut[]
}

/** The counters behind a proxy's evidence. Open connections' bytes are added when it is read. */
export class Tally {
  readonly strikes = new StrikeCount()
  readonly cuts: Cut[] = []
  opened = 0
  dialsFailed = 0
  #closed = 0
  #cutByFault = 0
  readonly #ended: Record<Stream, LaneBytes> = { upstream: noBytes(), downstream: noBytes() }

  cut(cause: Cause, cut: Omit<Cut, 'by'>): Cut {
    const listed = { ...cut, by: nameOf(cause) }
    this.cuts.push(listed)
    if (this.cuts.length > CUTS_KEPT) this.cuts.shift()
    if (cause.kind === 'api') return listed
    this.#cutByFault += 1
    return listed
  }

  closed(lanes: Record<Stream, LaneBytes>): void {
    this.#closed += 1
    add(this.#ended.upstream, lanes.upstream)
    add(this.#ended.downstream, lanes.downstream)
  }

  read(at: number, open: readonly Record<Stream, LaneBytes>[]): Evidence {
    const lanes = { upstream: { ...this.#ended.upstream }, downstream: { ...this.#ended.downstream } }
    for (const connection of open) {
      add(lanes.upstream, connection.upstream)
      add(lanes.downstream, connection.downstream)
    }
    const { delays: _, ...toxics } = this.strikes.read()
    return {
      at,
      connections: {
        opened: this.opened,
        open: open.length,
        closed: this.#closed,
        cutByFault: this.#cutByFault,
        dialsFailed: this.dialsFailed,
      },
      lanes,
      toxics,
      cuts: [...this.cuts],
    }
  }
}

function nameOf(cause: Cause): string {
  if (cause.kind === 'toxic') return cause.name
  return cause.kind === 'disabled' ? 'disabled' : 'closed by API'
}

export const noBytes = (): LaneBytes => ({ received: 0, sent: 0, held: 0, dropped: 0 })

function add(sum: LaneBytes, more: LaneBytes): void {
  sum.received += more.received
  sum.sent += more.sent
  sum.held += more.held
  sum.dropped += more.dropped
}
