import type { LinkEvidence } from '../ledger/entries.ts'
import { idleBytes } from '../ledger/faults.ts'
import type { Evidence } from '../proxy/evidence.ts'
import { HarnessError } from '../util/errors.ts'
import type { Session } from './session.ts'

/** The counters of links' proxies as they stood at one moment. */
export type EvidenceReading = Map<string, Evidence>

/** The links of every running node. */
export const allLinks = ({ cluster }: Session): string[] =>
  [...cluster.nodes.values()].flatMap((node) => node.links)

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

/**
 * What happened on each of the links since an earlier reading.
 * @param begun The counters when the promise began: a connection that is cut counts as busy if its link has carried
 *   more since then than it does when nothing runs.
 */
export function evidenceBetween(
  session: Session,
  begun: EvidenceReading,
  before: EvidenceReading,
): Record<string, LinkEvidence> {
  const after = readEvidence(session, [...before.keys()])
  const rows = [...before].map(([link, first]) => {
    const last = after.get(link) ?? first
    const cut = cutBetween(session, first, last)
    const busy = carriedBusiness(session, link, begun.get(link), first)
    return [
      link,
      { ...difference(session, first, last), connectionsCut: cut, busyConnectionsCut: busy ? cut : 0 },
    ] as const
  })
  return Object.fromEntries(rows)
}

function carriedBusiness(
  session: Session,
  link: string,
  begun: Evidence | undefined,
  until: Evidence,
): boolean {
  const idle = session.idle.get(link)
  if (begun === undefined || idle === undefined) return false
  return bytesArrived(until) - bytesArrived(begun) > idleBytes(idle, until.at - begun.at)
}

/** Behind a real Toxiproxy a connection that it cut is one that closed: our proxy has no faults of its own. */
const cutBetween = (
  { fronted }: Session,
  { connections: before }: Evidence,
  { connections: after }: Evidence,
): number => (fronted ? after.closed - before.closed : after.cutByFault - before.cutByFault)

function difference(
  { fronted }: Session,
  before: Evidence,
  after: Evidence,
): Omit<LinkEvidence, 'connectionsCut' | 'busyConnectionsCut'> {
  const arrived = bytesArrived(after) - bytesArrived(before)
  return {
    chunksDelayed: after.toxics.chunksDelayed - before.toxics.chunksDelayed,
    // What arrived behind a real Toxiproxy while its toxic was on has passed that toxic.
    bytesDelayed: fronted ? arrived : after.toxics.bytesDelayed - before.toxics.bytesDelayed,
    bytesDropped: after.toxics.bytesDropped - before.toxics.bytesDropped,
    bytesArrived: arrived,
    spanMs: after.at - before.at,
  }
}
