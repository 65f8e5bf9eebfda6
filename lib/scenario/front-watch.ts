import type { LinkEvidence } from '../ledger/fault-entries.ts'
import type { Evidence } from '../proxy/evidence.ts'
import type { Stream } from '../toxic.ts'
import { DeadlineError, poll } from '../util/poll.ts'
import {
  readEvidence,
  type EvidenceReading,
  type LinkWatch,
  type Watched,
  type WatchedFault,
} from './link-evidence.ts'

/** Of Toxiproxy's types, what each does to what passes it; one that is not here is not known to do anything. */
const DELAYING = ['latency', 'bandwidth', 'slicer']
const SWALLOWING = ['timeout']
const CUTTING = ['timeout', 'reset_peer', 'limit_data']

/** Connections that a black hole kept open are closed when it ends, within 2 ms on an idle machine. */
const CLOSE_LIMIT_MS = 1000

const ofStreams = (evidence: Evidence, streams: readonly Stream[]): number =>
  streams.reduce((sum, stream) => sum + evidence.lanes[stream].received, 0)

/**
 * A real Toxiproxy tells of no strike of its own. What its faults did is concluded from what our proxy behind it sees
 * while they are in place: bytes that come from the node have passed its toxics, bytes that come from the service
 * will meet them. What it swallowed of the node's it tells itself, if it runs with `-proxy-metrics`.
 */
export class FrontWatch implements LinkWatch {
  private readonly session: Watched
  private readonly links: readonly string[]
  /** Streams on which every byte is delayed, or swallowed. */
  private readonly delayed: readonly Stream[]
  private readonly swallowed: readonly Stream[]
  private readonly cuts: boolean
  /** Before the first link was struck; when all of them were; before the first was freed. */
  private before: EvidenceReading = new Map()
  private placed: EvidenceReading = new Map()
  private last: EvidenceReading = new Map()
  /** What it had swallowed before the fault, in bytes. */
  private swallowedBefore: ReadonlyMap<string, number> = new Map()

  constructor(session: Watched, links: readonly string[], fault: WatchedFault) {
    const { what, toxic } = fault
    const acts = toxic !== undefined && Object.values(toxic.attributes).some((value) => Number(value) > 0)
    // Where toxicity chooses, nobody knows which connections it has chosen.
    const streams = toxic?.toxicity === 1 ? toxic.streams : []
    const isOneOf = (types: readonly string[]): boolean => toxic !== undefined && types.includes(toxic.type)
    this.session = session
    this.links = links
    this.delayed = acts && isOneOf(DELAYING) ? streams : []
    this.swallowed = isOneOf(SWALLOWING) ? streams : []
    this.cuts = what === 'down' || isOneOf(CUTTING)
  }

  async begin(work: () => Promise<void>): Promise<void> {
    this.before = this.read()
    if (this.swallowed.length > 0) this.swallowedBefore = await this.session.faults.swallowed()
    await work()
    this.placed = this.read()
  }

  async end(work: () => Promise<void>): Promise<void> {
    try {
      this.last = this.read()
    } finally {
      // Whatever is wrong with the looking, the fault must end.
      await work()
    }
  }

  async evidence(): Promise<Record<string, LinkEvidence>> {
    if (this.swallowed.length > 0) await this.untilClosed()
    const after = this.read()
    const swallowed = this.swallowed.length > 0 ? await this.session.faults.swallowed() : new Map()
    const told = this.links.map((link) => [link, this.evidenceOf(link, after, swallowed)] as const)
    return Object.fromEntries(told)
  }

  private read(): EvidenceReading {
    return readEvidence(this.session, this.links)
  }

  /** Until then it has not counted what it swallowed on them. */
  private async untilClosed(): Promise<void> {
    const closed = () => {
      const now = this.read()
      return this.links.every((link) => {
        const { before, placed } = this.readingsOf(link)
        const ended = (now.get(link) ?? placed).connections.closed - before.connections.closed
        return ended >= before.connections.open
      })
    }
    try {
      const what = 'what a black hole kept open is closed'
      await poll(() => closed() || undefined, { what, deadlineMs: CLOSE_LIMIT_MS, everyMs: 5 })
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error
    }
  }

  private evidenceOf(
    link: string,
    reading: EvidenceReading,
    swallowed: ReadonlyMap<string, number>,
  ): LinkEvidence {
    const { before, placed, last } = this.readingsOf(link)
    const after = reading.get(link) ?? last
    const during = (streams: readonly Stream[]): number =>
      ofStreams(last, streams) - ofStreams(placed, streams)
    const told = (swallowed.get(link) ?? 0) - (this.swallowedBefore.get(link) ?? 0)
    const cut = this.cuts ? after.connections.closed - before.connections.closed : 0
    return {
      connectionsCut: cut,
      chunksDelayed: 0,
      bytesDelayed: during(this.delayed),
      bytesDropped: Math.max(during(this.swallowed.filter((stream) => stream === 'downstream')), told),
    }
  }

  /** A fault that was broken off has not all of them. */
  private readingsOf(link: string): { before: Evidence; placed: Evidence; last: Evidence } {
    const before = this.before.get(link) ?? this.read().get(link)
    if (before === undefined) throw new Error(`${link} is not watched`)
    const placed = this.placed.get(link) ?? before
    return { before, placed, last: this.last.get(link) ?? placed }
  }
}
