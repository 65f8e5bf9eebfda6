import { randomUUID } from 'node:crypto'
import picomatch from 'picomatch'
import { linkName } from '../cluster/links.ts'
import { SERVICES, type Service } from '../cluster/state.ts'
import type { EffectArrived, Graph } from '../ledger/entries.ts'
import type { AllowedWord } from '../ledger/promise-entries.ts'
import { judgeFacts } from '../ledger/verdict.ts'
import type { Verdict } from '../ledger/verdict-document.ts'
import { timeouts } from '../mistral/config.ts'
import { buildWorkflow, effectsInput, type WorkflowOptions } from '../mistral/workflows/index.ts'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { poll } from '../util/poll.ts'
import { seededRandom } from '../util/random.ts'
import { settle } from './at-rest.ts'
import { Faults, type Length, type ToxicLength } from './faults.ts'
import { actionsInHand } from './in-hand.ts'
import { allLinks } from './link-evidence.ts'
import { Calls, type CallMatch, type Way } from './calls.ts'
import { Observer } from './observer.ts'
import { Queries, type QueryMatch } from './queries.ts'
import type { Session } from './session.ts'
import { StrikeFaults, type Strike } from './strike-faults.ts'

export interface VerdictOptions {
  /**
   * Words that this promise allows; and faults on messages: what became of the very messages that they struck, and the
   * loss of what a node had in hand that they killed.
   */
  allow?: (AllowedWord | Strike)[]
  /** The state in which each execution is to end. Default SUCCESS. */
  expect?: 'SUCCESS' | 'ERROR'
  /** How long the executions may take from now on. Default 120. */
  deadlineSeconds?: number
  /** This promise has no fault on purpose; without it a promise that struck nothing is unknown. */
  faultless?: boolean
}

/** Faults on one or more links. Each returns when the fault is over; without `seconds`, when it is in place. */
export interface LinkFaults {
  readonly names: string[]
  toxic(type: string, attributes: Record<string, number | string>, length?: ToxicLength): Promise<void>
  /** Nothing listens, connections are cut, new ones are refused. */
  down(length?: Length): Promise<void>
  /** A black hole: connections stay open and nothing passes; they are cut when it ends. */
  blackHole(length?: Length): Promise<void>
  /** TCP RST to both ends of every connection. */
  reset(): Promise<void>
  /** Calls of a method that are delivered to the links' nodes, `reply`: any reply; a fault on one of them is armed. */
  onCall(call: string, match?: CallMatch): Calls
  /** Calls of a method that the links' nodes publish. */
  onPublish(call: string, match?: CallMatch): Calls
  /** Statements on links to PostgreSQL. */
  onQuery(query: RegExp, match?: QueryMatch): Queries
}

const DEFAULT_DEADLINE_S = 120

/** One promise while it runs: load, faults and, at its end, the verdict. */
export class Run {
  readonly session: Session
  private readonly scenario: string
  private readonly executions: string[] = []
  private readonly graphs = new Map<string, Graph>()
  private readonly observer: Observer
  private readonly faults: Faults
  readonly strikes: StrikeFaults
  private last: Verdict | undefined

  constructor(session: Session, scenario: string) {
    this.session = session
    this.scenario = scenario
    this.observer = new Observer(session, this.executions)
    this.faults = new Faults(session, this.observer, seededRandom(session.plan.seed, scenario, 'moments'))
    this.strikes = new StrikeFaults(session, this.observer, this.faults)
  }

  /** What lies in the queues before anything is started is not this promise's. */
  async begin(): Promise<void> {
    await this.observer.readBroker('begun', true)
  }

  /** The verdict that was given, once it was. */
  get judged(): Verdict | undefined {
    return this.last
  }

  /**
   * Starts a reference workflow and returns the executions' ids. Its actions call the effects endpoint unless told
   * otherwise.
   * @param sizes See `crosswind workflow NAME --help`.
   */
  async start(
    name: string,
    sizes: WorkflowOptions = {},
    { times = 1 }: { times?: number } = {},
  ): Promise<string[]> {
    const definitions = buildWorkflow(name, sizes)
    const rest = this.session.rest()
    for (const definition of definitions) {
      if (this.graphs.has(definition.name)) continue
      await rest.createWorkflow(definition.yaml)
      this.graphs.set(definition.name, definition.graph)
      this.session.record({ kind: 'workflow.defined', workflow: definition.name, graph: definition.graph })
    }
    const last = definitions.at(-1)
    if (last === undefined) throw new UsageError(`${name} has no definition`)
    const ids = Array.from({ length: times }, () => randomUUID())
    await Promise.all(ids.map((id) => this.request(id, last)))
    return ids
  }

  /**
   * @param nodes A node's name or a glob: `engine-1`, `executor-*`, `*`.
   * @throws {UsageError} when no link matches.
   */
  links(nodes: string, service: Service): LinkFaults {
    if (!SERVICES.includes(service)) throw unknownWord('service', service, SERVICES)
    const all = allLinks(this.session)
    const matches = picomatch(linkName(nodes, service))
    const names = all.filter((link) => matches(link))
    if (names.length === 0) throw unknownWord('link', linkName(nodes, service), all)
    return {
      names,
      toxic: (type, attributes, length) => this.faults.toxic(names, type, attributes, length),
      down: (length) => this.faults.down(names, length),
      blackHole: (length) => this.faults.toxic(names, 'timeout', { timeout: 0 }, length),
      reset: () => this.faults.reset(names),
      onCall: (call, match) => this.calls(names, service, call, 'delivered', match),
      onPublish: (call, match) => this.calls(names, service, call, 'published', match),
      onQuery: (query, match) => {
        if (service !== 'postgres') throw new UsageError(`there are no statements on links to ${service}`)
        return new Queries(this, names, query, match)
      },
    }
  }

  link(node: string, service: Service): LinkFaults {
    return this.links(this.session.cluster.node(node).name, service)
  }

  /** SIGKILL to a node's whole process group. */
  async kill(node: string): Promise<void> {
    await this.faults.kill(node)
  }

  /** Keeps back the answers of actions until they are released: what they did stays in hand. */
  hold(match: (effect: EffectArrived) => boolean = () => true): void {
    this.session.effects.hold((effect) => this.executions.includes(effect.root) && match(effect))
  }

  /** Answers every action that is held. */
  release(): void {
    this.session.effects.release()
  }

  /** From now on each action takes this long. */
  actionsTake(seconds: number): void {
    this.session.effects.take(seconds * 1000)
  }

  /** Resolves when `count` of this promise's actions have run, held ones included. */
  async effects(count: number, deadlineSeconds = 60): Promise<void> {
    const arrived = () =>
      this.session.effects.arrived.filter(({ root }) => this.executions.includes(root)).length
    const { signal } = this.session.plan
    await poll(() => (arrived() >= count ? true : undefined), {
      what: `${count} effects`,
      deadlineMs: deadlineSeconds * 1000,
      everyMs: 20,
      detail: () => `${arrived()} have arrived`,
      ...(signal ? { signal } : {}),
    })
  }

  /** Resolves when a node has at least one of the actions in hand: to be used with `hold`. */
  async busy(node: string, deadlineSeconds = 60): Promise<void> {
    const { signal } = this.session.plan
    await poll(() => (actionsInHand(this.session, node).length > 0 ? true : undefined), {
      what: `${node} has an action in hand`,
      deadlineMs: deadlineSeconds * 1000,
      ...(signal ? { signal } : {}),
    })
  }

  /** Waits until everything is at rest and judges it. */
  async verdict(options: VerdictOptions = {}): Promise<Verdict> {
    const {
      allow = [],
      expect = 'SUCCESS',
      deadlineSeconds = DEFAULT_DEADLINE_S,
      faultless = false,
    } = options
    const { session, observer, faults, executions, graphs } = this
    await settle({
      session,
      observer,
      faults,
      executions,
      graphs,
      timeouts,
      deadlineMs: deadlineSeconds * 1000,
    })
    const words = allow.filter((one) => typeof one === 'string')
    const strikes = allow.filter((one) => typeof one !== 'string')
    session.record({
      kind: 'judged',
      scenario: this.scenario,
      expect,
      allow: words,
      struck: strikes.flatMap(({ struck }) => struck),
      struckBy: strikes.map(({ fault }) => fault),
      faultless,
    })
    this.last = judgeFacts(session.scenarios.factsOf(this.scenario))
    return this.last
  }

  /** Faults that were left on are ended, held answers released. */
  async end(): Promise<void> {
    try {
      await this.faults.endLasting()
    } finally {
      this.session.effects.release()
      this.session.effects.take(0)
    }
  }

  private calls(names: string[], service: Service, call: string, way: Way, match?: CallMatch): Calls {
    if (service !== 'rabbitmq') throw new UsageError(`there are no calls on links to ${service}`)
    return new Calls(this, names, call, way, match)
  }

  private async request(id: string, definition: ReturnType<typeof buildWorkflow>[number]): Promise<void> {
    const { session } = this
    this.executions.push(id)
    session.record({ kind: 'execution.requested', execution: id, workflow: definition.name })
    const input = effectsInput(definition, session.effects.url, id)
    const { status, error } = await session.rest().startExecution({ id, workflow: definition.name, input })
    session.record({
      kind: 'execution.answered',
      execution: id,
      ...(status === undefined ? {} : { status }),
      ...(error === undefined ? {} : { error }),
    })
  }
}
