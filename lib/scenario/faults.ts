import type { FaultArmed, FaultEvidence, FaultKind } from '../ledger/fault-entries.ts'
import { unknownAttribute } from '../proxy/attributes.ts'
import { UsageError } from '../util/errors.ts'
import { pauseFor } from '../util/poll.ts'
import type { Random } from '../util/random.ts'
import { toxics } from '../../toxics/index.ts'
import { actionsInHand } from './in-hand.ts'
import { watchLinks } from './link-watch.ts'
import type { Observer } from './observer.ts'
import { onMessages } from './own-toxics.ts'
import type { Session } from './session.ts'
import type { ToxicRequest } from './toxiproxy.ts'

/** How a fault on links is done and undone, through Toxiproxy's API. */
interface LinkFault {
  what: FaultKind
  text: string
  toxic?: NonNullable<FaultArmed['toxic']>
  apply(link: string, fault: string, leaseMs: number | undefined): Promise<void>
  undo(link: string, fault: string): Promise<void>
}

export interface Length {
  /** Without it the fault lasts until the judging. */
  seconds?: number
}

export interface ToxicLength extends Length {
  /** Default: both. */
  stream?: 'upstream' | 'downstream'
  /** Share of the connections that it acts on. Default 1. */
  toxicity?: number
}

/** The seed moves the moment of a fault within this, so that runs do not all strike the same message. */
const MOMENT_SPREAD_MS = 500

/** A reset is a moment: long enough for every connection that lives now to be cut. */
const RESET_LEASE_MS = 200
/** A real Toxiproxy resets a connection only when something comes on it, which may take as long as an action. */
const FRONT_RESET_LEASE_MS = 1500

/** Applies the faults of one scenario, and journals each with what it did. */
export class Faults {
  private readonly session: Session
  private readonly observer: Observer
  /** Ends those that last until the judging. */
  private readonly lasting = new Map<string, () => Promise<void>>()
  private readonly random: Random
  private count = 0

  /** @param random Decides the moments at which faults begin. */
  constructor(session: Session, observer: Observer, random: Random) {
    this.session = session
    this.observer = observer
    this.random = random
  }

  /** Ids of the faults that are on. */
  get on(): string[] {
    return [...this.lasting.keys()]
  }

  /** The name of another fault. */
  newId(): string {
    this.count += 1
    return `f${this.count}`
  }

  /** A fault that lasts until the judging, or until it is ended; it is ended once. */
  lasts(id: string, end: () => Promise<void>): void {
    this.lasting.set(id, async () => {
      await end()
      this.lasting.delete(id)
    })
  }

  /**
   * A toxic on both streams of each link, unless told otherwise.
   * @throws {UsageError} naming the nearest if it has no such attribute.
   */
  toxic(
    links: string[],
    type: string,
    attributes: Record<string, number | string>,
    length: ToxicLength = {},
  ): Promise<void> {
    // The server ignores what it does not know, as Toxiproxy does: a mistyped name must not pass for a fault.
    const definition = toxics.find((one) => one.type === type)
    const unknown = definition && unknownAttribute(definition, Object.keys(attributes))
    if (unknown !== undefined) throw new UsageError(unknown)
    const { stream, toxicity = 1 } = length
    const streams: ToxicRequest['stream'][] = stream === undefined ? ['upstream', 'downstream'] : [stream]
    const named = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
    const { faults } = this.session
    return this.onLinks(links, length.seconds, 'span', {
      what: 'toxic',
      text: [type, ...named].join(' '),
      toxic: { type, attributes, streams, toxicity, ...onMessages(this.session.toxics, type) },
      apply: async (link, fault, leaseMs) => {
        for (const one of streams) {
          const toxic: ToxicRequest = { name: `${fault}_${one}`, type, stream: one, toxicity, attributes }
          await faults.addToxic(link, leaseMs === undefined ? toxic : { ...toxic, duration: leaseMs })
        }
      },
      undo: async (link, fault) => {
        for (const one of streams) await faults.removeToxic(link, `${fault}_${one}`)
      },
    })
  }

  /** Nothing listens and every connection is cut. */
  down(links: string[], length: Length = {}): Promise<void> {
    const { faults } = this.session
    return this.onLinks(links, length.seconds, 'span', {
      what: 'down',
      text: 'down',
      apply: (link, _fault, leaseMs) => faults.setEnabled(link, false, leaseMs),
      undo: (link) => faults.setEnabled(link, true),
    })
  }

  /** Every connection that lives now gets a TCP reset, at both ends. */
  reset(links: string[]): Promise<void> {
    const { faults, fronted } = this.session
    const momentMs = fronted ? FRONT_RESET_LEASE_MS : RESET_LEASE_MS
    return this.onLinks(links, momentMs / 1000, 'moment', {
      what: 'toxic',
      text: 'reset of every connection',
      toxic: { type: 'reset_peer', attributes: { timeout: 0 }, streams: ['downstream'], toxicity: 1 },
      apply: (link, fault, leaseMs = momentMs) =>
        faults.addToxic(link, {
          name: fault,
          type: 'reset_peer',
          stream: 'downstream',
          toxicity: 1,
          attributes: { timeout: 0 },
          duration: leaseMs,
        }),
      undo: (link, fault) => faults.removeToxic(link, fault),
    })
  }

  /** SIGKILL to a node's whole process group. */
  async kill(name: string): Promise<void> {
    const { cluster } = this.session
    cluster.node(name)
    const fault = await this.arm({
      what: 'kill',
      text: `SIGKILL of ${name}`,
      links: [],
      nodes: [name],
      extent: 'moment',
    })
    await this.begin(fault)
    const inHand = actionsInHand(this.session, name)
    await cluster.kill(name, `fault ${fault}`)
    const nodes = { [name]: { signalled: true, exited: true, actionsInHand: inHand } }
    await this.end(fault, async () => ({ links: {}, nodes }))
  }

  /** Ends whatever lasts until the judging. */
  async endLasting(): Promise<void> {
    await allOrFirstError([...this.lasting.values()].map((end) => end()))
  }

  private async onLinks(
    links: string[],
    seconds: number | undefined,
    timed: 'span' | 'moment',
    fault: LinkFault,
  ): Promise<void> {
    if (links.length === 0) throw new UsageError(`${fault.text}: no link matches`)
    const { what, text, toxic } = fault
    const durationMs = seconds === undefined ? undefined : seconds * 1000
    const id = await this.arm({
      what,
      text: seconds === undefined || timed === 'moment' ? text : `${text} for ${seconds} s`,
      links,
      nodes: [],
      extent: durationMs === undefined ? 'end' : timed,
      ...(toxic === undefined ? {} : { toxic }),
      ...(durationMs === undefined || timed === 'moment' ? {} : { durationMs }),
    })
    const watch = watchLinks(this.session, links, fault)
    const end = async () => {
      if (!this.lasting.has(id)) return
      await watch.end(() => allOrFirstError(links.map((link) => fault.undo(link, id))))
      this.lasting.delete(id)
      await this.end(id, async () => ({ links: await watch.evidence(), nodes: {} }))
    }
    // Entered before the first link is struck: a failure half-way must be undone too.
    this.lasting.set(id, end)
    for (const link of links) this.session.struck.add(link)
    await this.begin(id)
    await watch.begin(() => allOrFirstError(links.map((link) => fault.apply(link, id, durationMs))))
    if (durationMs === undefined) return
    await pauseFor(durationMs, this.session.plan.signal)
    await end()
  }

  /** Announces a fault, and returns when the seed lets it begin. */
  private async arm(fault: Omit<FaultArmed, 'kind' | 'fault' | 'beginsAfterMs'>): Promise<string> {
    const id = this.newId()
    const beginsAfterMs = Math.round(this.random() * MOMENT_SPREAD_MS)
    this.session.record({ kind: 'fault.armed', fault: id, beginsAfterMs, ...fault })
    await pauseFor(beginsAfterMs, this.session.plan.signal)
    return id
  }

  /** The reading at its begin says who was under way when it struck. */
  private async begin(fault: string): Promise<void> {
    await this.observer.readDatabase(`fault ${fault} begun`, true)
    this.session.record({ kind: 'fault.begun', fault })
  }

  /** What it did is asked for last: its end must be known as it was, and asking may take a while. */
  private async end(
    fault: string,
    evidence: () => Promise<Pick<FaultEvidence, 'links' | 'nodes'>>,
  ): Promise<void> {
    this.session.record({ kind: 'fault.ended', fault })
    await this.observer.readDatabase(`fault ${fault} ended`, true)
    this.session.record({ kind: 'fault.evidence', fault, ...(await evidence()) })
  }
}

/** Waits for all, also after one has failed: what is still under way must not come after its undoing. */
async function allOrFirstError(works: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
