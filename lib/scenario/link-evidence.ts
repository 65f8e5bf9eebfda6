import type { FaultArmed, LinkEvidence } from '../ledger/fault-entries.ts'
import type { Evidence } from '../proxy/evidence.ts'
import { HarnessError } from '../util/errors.ts'
import type { Session } from './session.ts'

/** The counters of links' proxies as they stood at one moment. */
export type EvidenceReading = Map<string, Evidence>

/** What of a session tells what happens on links. */
export type Watched = Pick<Session, 'tap' | 'faults' | 'fronted'>

/** A fault on links, as far as it must be known to tell what it did. */
export type WatchedFault = Pick<FaultArmed, 'what' | 'toxic'>

/** Looks at the struck links while a fault begins and ends, and tells what it did to each. */
export interface LinkWatch {
  /** Does what begins the fault. */
  begin(work: () => Promise<void>): Promise<void>
  /** Does what ends it. */
  end(work: () => Promise<void>): Promise<void>
  /** To be asked when it has ended. */
  evidence(): Promise<Record<string, LinkEvidence>>
}

/** The links of every running node. */
export const allLinks = ({ cluster }: Session): string[] =>
  [...cluster.nodes.values()].flatMap((node) => node.links)

export const readEvidence = ({ tap }: Pick<Session, 'tap'>, links: readonly string[]): EvidenceReading =>
  new Map(
    links.map((link) => {
      const evidence = tap.evidence(link)
      if (evidence === undefined) throw new HarnessError(`the link ${link} has no proxy any more`)
      return [link, evidence]
    }),
  )
