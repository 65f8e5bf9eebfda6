import type { LinkEvidence } from '../ledger/entries.ts'
import type { Evidence } from '../proxy/evidence.ts'
import { HarnessError } from '../util/errors.ts'
import type { Session } from './session.ts'

/** The counters of links' proxies as they stood at one moment. */
export type EvidenceReading = Map<string, Evidence>

export const readEvidence = (session: Session, links: readonly string[]): EvidenceReading =>
  new Map(
    links.map((link) => {
      const evidence = session.tap.evidence(link)
      if (evidence === undefined) throw new HarnessError(`the link ${link} has no proxy any more`)
      return [link, evidence]
    }),
  )

export const bytesArrived = ({ lanes }: Evidence): number =>
  lanes.upstream.received + lanes.downstream.received

/** What happened on each of the links since an earlier reading. */
export function evidenceBetween(session: Session, before: EvidenceReading): Record<string, LinkEvidence> {
  const after = readEvidence(session, [...before.keys()])
  const rows = [...before].map(([link, first]) => {
    const last = after.get(link) ?? first
    return [link, session.fronted ? seenFromBehind(first, last) : difference(first, last)] as const
  })
  return Object.fromEntries(rows)
}

function difference(before: Evidence, after: Evidence): LinkEvidence {
  return {
    connectionsCut: after.connections.cutByFault - before.connections.cutByFault,
    busyConnectionsCut: after.connections.busyCutByFault - before.connections.busyCutByFault,
    chunksDelayed: after.toxics.chunksDelayed - before.toxics.chunksDelayed,
    bytesDelayed: after.toxics.bytesDelayed - before.toxics.bytesDelayed,
    bytesDropped: after.toxics.bytesDropped - before.toxics.bytesDropped,
    bytesArrived: bytesArrived(after) - bytesArrived(before),
    spanMs: after.at - before.at,
  }
}

/**
 * With a real Toxiproxy in front, our proxy has no toxics and sees only what came of theirs: a connection that was
 * cut is one that closed, and what arrived while a toxic was on has passed it.
 */
function seenFromBehind(before: Evidence, after: Evidence): LinkEvidence {
  const closed = after.connections.closed - before.connections.closed
  const arrived = bytesArrived(after) - bytesArrived(before)
  return {
    ...difference(before, after),
    connectionsCut: closed,
    busyConnectionsCut: closed,
    bytesDelayed: arrived,
  }
}
