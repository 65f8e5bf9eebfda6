import type { LinkEvidence } from '../ledger/fault-entries.ts'
import type { Evidence } from '../proxy/evidence.ts'
import type { Strikes } from '../proxy/strikes.ts'
import { FrontWatch } from './front-watch.ts'
import {
  readEvidence,
  type EvidenceReading,
  type LinkWatch,
  type Watched,
  type WatchedFault,
} from './link-evidence.ts'

export const watchLinks = (session: Watched, links: readonly string[], fault: WatchedFault): LinkWatch =>
  session.fronted ? new FrontWatch(session, links, fault) : new EmbeddedWatch(session, links)

/** What a fault at our own server does, also where a real Toxiproxy stands in front of it. */
export const watchOwnLinks = (session: Watched, links: readonly string[]): LinkWatch =>
  new EmbeddedWatch(session, links)

/** Our own server counts what each of its faults does. */
class EmbeddedWatch implements LinkWatch {
  private readonly session: Watched
  private readonly links: readonly string[]
  private before: EvidenceReading = new Map()
  private after: EvidenceReading = new Map()

  constructor(session: Watched, links: readonly string[]) {
    this.session = session
    this.links = links
  }

  async begin(work: () => Promise<void>): Promise<void> {
    this.before = readEvidence(this.session, this.links)
    await work()
  }

  async end(work: () => Promise<void>): Promise<void> {
    await work()
    this.after = readEvidence(this.session, this.links)
  }

  async evidence(): Promise<Record<string, LinkEvidence>> {
    const told = [...this.before].map(([link, before]) => [link, this.evidenceOf(link, before)] as const)
    return Object.fromEntries(told)
  }

  private evidenceOf(link: string, before: Evidence): LinkEvidence {
    const after = this.after.get(link) ?? before
    return {
      connectionsCut: after.connections.cutByFault - before.connections.cutByFault,
      chunksDelayed: after.toxics.chunksDelayed - before.toxics.chunksDelayed,
      bytesDelayed: after.toxics.bytesDelayed - before.toxics.bytesDelayed,
      bytesDropped: after.toxics.bytesDropped - before.toxics.bytesDropped,
      ...messagesBetween(before.toxics, after.toxics),
    }
  }
}

/** Where no toxic has acted on messages nothing is said of them. */
function messagesBetween(before: Strikes, after: Strikes): Partial<LinkEvidence> {
  const { messagesStruck: struck, messagesUndecided: undecided } = after
  return {
    ...(struck !== undefined && { messagesStruck: struck - (before.messagesStruck ?? 0) }),
    ...(undecided !== undefined && { messagesUndecided: undecided - (before.messagesUndecided ?? 0) }),
  }
}
