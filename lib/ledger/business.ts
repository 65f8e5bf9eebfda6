import type { Entry } from './entries.ts'

/** What of the workflows' own traffic was on a link during a fault. */
export interface Business {
  /** Some passed, or was on its way. */
  carried: boolean
  /** Connections that were cut and had carried some before, since the scenario began. */
  busyCut: number
}

/**
 * Business traffic is a judged message or a reply on its way to or from RabbitMQ, and a transaction of PostgreSQL's that
 * writes or locks rows; what a link carries when nothing runs is neither.
 * @param entries The scenario's.
 * @param from Ordinal of the fault's beginning.
 * @param to Of its end; the connections that it cut are known by `known` at the latest.
 * @param told Each cut is told as one; behind a real Toxiproxy it looks like any end of a connection.
 */
export function businessOn(
  entries: readonly Entry[],
  link: string,
  { from, to, known, told }: { from: number; to: number; known: number; told: boolean },
): Business {
  const busy = new Set<number>()
  const business: Business = { carried: false, busyCut: 0 }
  for (const entry of entries) {
    if (entry.ordinal > known) break
    if (!('connection' in entry) || entry.link !== link) continue
    if (isBusiness(entry)) {
      busy.add(entry.connection)
      if (entry.ordinal >= from && entry.ordinal <= to) business.carried = true
    } else if (
      entry.kind === 'connection.closed' &&
      entry.ordinal >= from &&
      busy.has(entry.connection) &&
      (!told || entry.cutBy !== undefined)
    )
      business.busyCut += 1
  }
  return business
}

function isBusiness(entry: Entry): boolean {
  switch (entry.kind) {
    case 'message.published':
    case 'message.delivered':
      return entry.call !== undefined && (entry.call.judged || entry.call.kind === 'reply')
    case 'transaction.ended':
      return entry.touched.length > 0
    default:
      return false
  }
}
