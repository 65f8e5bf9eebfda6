import type { FaultEvidence } from '../ledger/fault-entries.ts'
import { nodeOf } from '../ledger/messages/traffic.ts'
import type { AttributeValue, Stream } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'
import { pauseFor } from '../util/poll.ts'
import { actionsInHand } from './in-hand.ts'
import type { Session } from './session.ts'
import type { Strike, StrikeFaults, StrikeOrder } from './strike-faults.ts'

/** What fluent faults need of the promise that is run. */
export interface MessageHost {
  readonly session: Session
  readonly strikes: StrikeFaults
}

/** Before a message goes on, after it has gone; `answered`: the server has done a statement, and its client does not know. */
export type Moment = 'before' | 'after' | 'answered'

export interface NodeStrike {
  /** Default: the node of the link. */
  node?: string
  /** What becomes of bytes of the node that had not been handed on. Default drop. */
  inHand?: 'drop' | 'pass'
  /** Default before. */
  when?: Moment
}

/**
 * A regular expression as the attribute of a toxic, which has no flags of its own; those of how it is searched for say
 * nothing there.
 */
export function patternText({ source, flags }: RegExp): string {
  const own = flags.replaceAll(/[^ims]/g, '')
  return own === '' ? source : `(?${own}:${source})`
}

/** Attributes by which a toxic matches. */
export type Match = Record<string, AttributeValue>

/** Which of the messages that match is struck, and how. */
export abstract class Messages {
  protected readonly host: MessageHost
  protected readonly links: readonly string[]
  protected readonly match: Match
  /** The type of the toxic by which triggers fire. */
  protected abstract readonly trigger: string
  /** That the messages take. */
  protected abstract readonly stream: Stream

  constructor(host: MessageHost, links: readonly string[], match: Match) {
    this.host = host
    this.links = links
    this.match = match
  }

  /** The nth distinct message that matches from now on, over all links; 1 unless told. */
  nth(nth: number): this {
    this.match['nth'] = nth
    return this
  }

  /** So many are struck, from the nth on; 0: all. */
  count(count: number): this {
    this.match['count'] = count
    return this
  }

  /** Any toxic that acts on messages, on the stream that the messages take unless told. */
  toxic(type: string, attributes: Match = {}, stream: Stream = this.stream): Promise<Strike> {
    return this.host.strikes.arm({
      links: this.links,
      type,
      stream,
      attributes: { ...this.match, ...attributes },
    })
  }

  /** SIGKILL to a node: all that it sends and gets stops first, and nothing of it goes on before it is gone. */
  kill({ node = this.node, inHand = 'drop', when }: NodeStrike = {}): Promise<Strike> {
    const { session } = this.host
    return this.fire(`SIGKILL of ${node}`, { what: 'kill', nodes: [node] }, when, async (fault) => {
      const frozen = session.tap.freeze(session.cluster.node(node).links)
      try {
        const had = actionsInHand(session, node)
        await session.cluster.kill(node, `fault ${fault}`)
        return { [node]: { signalled: true, exited: true, actionsInHand: had } }
      } finally {
        if (inHand === 'drop') frozen.drop(fault)
        else frozen.thaw()
      }
    })
  }

  /** SIGSTOP to a node, and SIGCONT after some seconds; its connections stay. */
  pause({ seconds, node = this.node, when }: NodeStrike & { seconds: number }): Promise<Strike> {
    const { session } = this.host
    return this.fire(`SIGSTOP of ${node} for ${seconds} s`, { nodes: [node] }, when, async (fault) => {
      const frozen = session.tap.freeze(session.cluster.node(node).links)
      const had = actionsInHand(session, node)
      session.cluster.pause(node, `fault ${fault}`)
      frozen.thaw()
      try {
        await pauseFor(seconds * 1000, session.plan.signal)
      } finally {
        session.cluster.resume(node, `fault ${fault}`)
      }
      return { [node]: { signalled: true, exited: false, actionsInHand: had } }
    })
  }

  /** Any other thing that is to happen on the message; what passes the links meanwhile waits until it is done. */
  do(what: string, action: () => Promise<void>, when?: Moment): Promise<Strike> {
    const { session } = this.host
    return this.fire(what, {}, when, async () => {
      const frozen = session.tap.freeze(this.links)
      try {
        await action()
      } finally {
        frozen.thaw()
      }
      return {}
    })
  }

  /** Where the trigger of a moment sits. */
  protected placeOf(moment: Moment): { stream: Stream; when: 'before' | 'after' } {
    if (moment === 'answered') throw new UsageError('only a statement has an answer')
    return { stream: this.stream, when: moment }
  }

  /** Which of several it would be is known only when it fires. */
  private get node(): string {
    const [node = '', ...others] = [...new Set(this.links.map(nodeOf))].toSorted()
    if (others.length > 0)
      throw new UsageError(
        `which node is struck? The links are those of ${[node, ...others].join(', ')}: name one`,
      )
    return node
  }

  private fire(
    text: string,
    order: Pick<StrikeOrder, 'what' | 'nodes'>,
    moment: Moment = 'before',
    act: (fault: string) => Promise<FaultEvidence['nodes']>,
  ): Promise<Strike> {
    const { stream, when } = this.placeOf(moment)
    // A name that is mistyped is told now, not when it fires.
    for (const node of order.nodes ?? []) this.host.session.cluster.node(node)
    return this.host.strikes.arm({
      ...order,
      links: this.links,
      type: this.trigger,
      stream,
      attributes: { ...this.match, when },
      text: `${text} ${moment === 'answered' ? 'behind' : moment} ${this.told}`,
      onFired: act,
    })
  }

  private get told(): string {
    return Object.entries(this.match)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')
  }
}
