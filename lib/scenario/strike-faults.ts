import { AssertionError } from 'chai'
import type { FaultArmed, FaultEvidence } from '../ledger/fault-entries.ts'
import type { AttributeValue, Stream } from '../toxic.ts'
import { DeadlineError, poll } from '../util/poll.ts'
import type { Faults } from './faults.ts'
import { watchOwnLinks } from './link-watch.ts'
import type { Observer } from './observer.ts'
import { onMessages } from './own-toxics.ts'
import type { Session, Struck } from './session.ts'

/** A fault on single messages. */
export interface StrikeOrder {
  links: readonly string[]
  type: string
  stream: Stream
  attributes: Readonly<Record<string, AttributeValue>>
  /** Nodes that it strikes too, and what it does to them. */
  nodes?: readonly string[]
  what?: FaultArmed['what']
  text?: string
  /** The toxic is a trigger: what happens when it fires, beginning in the data path. */
  onFired?: (fault: string) => Promise<FaultEvidence['nodes']>
}

/** A fault that waits for its message. */
export interface Strike {
  /** `f2` */
  readonly fault: string
  /**
   * Resolves once it has struck a message, and what hangs on that is done.
   * @throws {AssertionError} if it has not within `deadlineSeconds`, 60 unless told: then the promise proves nothing.
   */
  fired(deadlineSeconds?: number): Promise<void>
  /** Identities of the messages that it has struck. */
  readonly struck: readonly string[]
  /** Takes it off; otherwise it stays until the judging. */
  end(): Promise<void>
}

/** Arms faults on single messages, always at our own server: behind a real Toxiproxy that is the service's side. */
export class StrikeFaults {
  readonly #session: Session
  readonly #observer: Observer
  readonly #faults: Faults

  constructor(session: Session, observer: Observer, faults: Faults) {
    this.#session = session
    this.#observer = observer
    this.#faults = faults
  }

  async arm(order: StrikeOrder): Promise<Strike> {
    const armed = new ArmedStrike(this.#session, this.#observer, this.#faults.newId(), order)
    // Entered before the first link is armed: a failure half-way must be undone too.
    this.#faults.lasts(armed.fault, () => armed.end())
    await armed.begin()
    return armed
  }
}

class ArmedStrike implements Strike {
  readonly fault: string
  readonly #session: Session
  readonly #observer: Observer
  readonly #order: StrikeOrder
  readonly #watch: ReturnType<typeof watchOwnLinks>
  readonly #identities: string[] = []
  #begun = false
  #ended: Promise<void> | undefined
  /** What hangs on the first strike. */
  #work: Promise<FaultEvidence['nodes']> | undefined

  constructor(session: Session, observer: Observer, fault: string, order: StrikeOrder) {
    this.#session = session
    this.#observer = observer
    this.fault = fault
    this.#order = order
    this.#watch = watchOwnLinks(session, order.links)
  }

  async begin(): Promise<void> {
    const { links, type, stream, attributes, nodes = [], what = 'toxic' } = this.#order
    this.#session.record({
      kind: 'fault.armed',
      fault: this.fault,
      what,
      text: this.#text,
      links: [...links],
      nodes: [...nodes],
      toxic: {
        type,
        attributes,
        streams: [stream],
        toxicity: 1,
        ...onMessages(this.#session.toxics, type),
      },
      extent: 'moment',
    })
    this.#session.strikes.set(this.fault, (struck) => this.#struck(struck))
    const { onFired } = this.#order
    if (onFired) this.#session.triggers.arm(this.fault, () => this.#does(onFired(this.fault)))
    await this.#watch.begin(async () => {
      for (const link of links)
        await this.#session.own.addToxic(link, {
          name: this.fault,
          type,
          stream,
          toxicity: 1,
          attributes: { ...attributes, ...(onFired && { trigger: this.fault }), group: this.fault },
        })
    })
  }

  get #text(): string {
    const { type, attributes, text } = this.#order
    const named = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
    return text ?? [type, ...named].join(' ')
  }

  get struck(): readonly string[] {
    return this.#identities
  }

  async fired(deadlineSeconds = 60): Promise<void> {
    const { signal } = this.#session.plan
    await poll(() => (this.#work ? true : undefined), {
      what: `${this.fault} (${this.#text}) strikes a message`,
      deadlineMs: deadlineSeconds * 1000,
      everyMs: 20,
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      // Nothing of the harness is broken: what was to be struck did not come.
      throw error instanceof DeadlineError ? new AssertionError(error.message) : error
    })
    await this.#work
  }

  end(): Promise<void> {
    return (this.#ended ??= this.#end())
  }

  #struck({ link, identity }: Struck): void {
    if (identity !== undefined) this.#identities.push(identity)
    this.#session.struck.add(link)
    if (this.#begun) return
    this.#begun = true
    this.#session.record({ kind: 'fault.begun', fault: this.fault })
    if (!this.#order.onFired) this.#does(Promise.resolve({}))
  }

  /** The reading says who was under way when it struck. */
  #does(work: Promise<FaultEvidence['nodes']>): void {
    const read = this.#observer.readDatabase(`fault ${this.fault} begun`, true)
    this.#work ??= Promise.all([work, read]).then(([nodes]) => nodes)
    // Whoever awaits `fired` or the end is told.
    this.#work.catch(() => {})
  }

  async #end(): Promise<void> {
    // Also where it fails: then the toxics are taken off all the same.
    const [worked] = await Promise.allSettled([this.#work])
    const { links } = this.#order
    await this.#watch.end(async () => {
      for (const link of links) await this.#session.own.removeToxic(link, this.fault)
    })
    this.#session.strikes.delete(this.fault)
    this.#session.triggers.disarm(this.fault)
    if (this.#begun) {
      this.#session.record({ kind: 'fault.ended', fault: this.fault })
      await this.#observer.readDatabase(`fault ${this.fault} ended`, true)
    }
    if (worked.status === 'rejected') throw worked.reason
    this.#session.record({
      kind: 'fault.evidence',
      fault: this.fault,
      links: await this.#watch.evidence(),
      nodes: worked.value ?? {},
    })
  }
}
