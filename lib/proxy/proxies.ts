import type { Cause } from './evidence.ts'
import type { ProxyContext } from './context.ts'
import { Consumers } from './front/consumers.ts'
import { StrikeGroups } from './front/strike-groups.ts'
import { Proxy, type ProxyChange } from './proxy.ts'
import { inOrder, NameTaken, type ToxicSpec } from './toxics.ts'

/** A proxy as it is asked for. */
export interface ProxySpec extends ProxyChange {
  name: string
  upstream: string
  /** Undefined: none for a new proxy, those that it has for another. */
  toxics?: ToxicSpec[] | undefined
}

/** Where a proxy listens that names no address: loopback, a port of the system's choice. */
const ANY_PORT = '127.0.0.1:0'

/** The proxies of a server, by name. */
export class Proxies {
  readonly #context: ProxyContext
  readonly #byName = new Map<string, Proxy>()
  /** What makes or changes several of them follows one another; deleting and disabling wait for nothing. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(context: Omit<ProxyContext, 'consumers' | 'groups'>) {
    this.#context = { ...context, consumers: new Consumers(), groups: new StrikeGroups() }
  }

  /**
   * What decides every random choice. Another one decides from now on, for new connections and new toxics; what was
   * decided stays.
   */
  get seed(): string {
    return this.#context.seed
  }

  set seed(seed: string) {
    this.#context.seed = seed
  }

  get(name: string): Proxy | undefined {
    return this.#byName.get(name)
  }

  list(): Proxy[] {
    return [...this.#byName.values()]
  }

  /**
   * Its toxics are there before its first connection.
   * @throws {NameTaken} @throws {ListenError}
   */
  create(spec: ProxySpec): Promise<Proxy> {
    return this.#inTurn(() => this.#create(spec))
  }

  /**
   * Creates the unknown ones and changes the others to what is asked for; what is not asked for stays.
   * If one cannot be had, none is: those before it are as they were, but for connections that a move dropped.
   * @throws {ListenError}
   */
  populate(specs: readonly ProxySpec[]): Promise<Proxy[]> {
    return this.#inTurn(() => this.#populate(specs))
  }

  /** Removes every toxic at once, then enables every proxy; the first port that cannot be had is thrown. */
  reset(): Promise<void> {
    return this.#inTurn(() => this.#reset())
  }

  /** @returns false if there is none of that name. */
  remove(name: string, cause: Cause = { kind: 'disabled' }): boolean {
    this.#byName.get(name)?.remove(cause)
    return this.#byName.delete(name)
  }

  /** Ends all at once; none can be made any more. */
  close(): void {
    this.#closed = true
    for (const { name } of this.list()) this.remove(name, { kind: 'api' })
  }

  // Within.

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #create(spec: ProxySpec): Promise<Proxy> {
    const { name, listen, upstream, toxics = [], enabled = true, ...rest } = spec
    if (this.#byName.has(name)) throw new NameTaken('proxy', name)
    const proxy = new Proxy(name, listen ?? ANY_PORT, upstream, this.#context)
    try {
      for (const toxic of toxics) proxy.toxics.add(toxic)
      await proxy.update({ enabled, ...rest })
    } catch (error) {
      proxy.remove({ kind: 'api' })
      throw error
    }
    this.#byName.set(name, proxy)
    if (this.#closed) this.remove(name, { kind: 'api' })
    return proxy
  }

  async #populate(specs: readonly ProxySpec[]): Promise<Proxy[]> {
    const proxies: Proxy[] = []
    const undo: (() => Promise<unknown>)[] = []
    const renewals: (() => void)[] = []
    try {
      for (const spec of specs) {
        const proxy = this.#byName.get(spec.name)
        if (proxy) {
          const before = specOf(proxy)
          const left = await change(proxy, spec)
          undo.push(() => change(proxy, before))
          renewals.push(() => renew(proxy, left))
        }
        proxies.push(proxy ?? (await this.#create(spec)))
        if (!proxy) undo.push(async () => this.remove(spec.name, { kind: 'api' }))
      }
    } catch (error) {
      // What failed first is what is told.
      for (const step of undo.toReversed()) await step().catch(() => {})
      throw error
    }
    // Not before all has worked: a lease that was renewed cannot be put back.
    for (const renewal of renewals) renewal()
    return proxies
  }

  async #reset(): Promise<void> {
    for (const proxy of this.list()) proxy.toxics.clear()
    const ends = await Promise.allSettled(this.list().map((proxy) => proxy.update({ enabled: true })))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }
}

/**
 * Toxics are touched only where they differ: taking one away and putting it back would strike twice.
 * @returns those that were left in place, as they are asked for.
 */
async function change(proxy: Proxy, spec: ProxySpec): Promise<readonly ToxicSpec[]> {
  await proxy.update(spec)
  const { toxics = [] } = spec
  if (!spec.toxics || proxy.removed) return []
  if (keyOf(proxy.toxics.list()) === keyOf(toxics)) return toxics
  proxy.toxics.clear()
  for (const toxic of toxics) proxy.toxics.add(toxic)
  return []
}

/** Leases begin anew; one that has run out meanwhile was asked for all the same. */
function renew({ removed, toxics }: Proxy, specs: readonly ToxicSpec[]): void {
  if (removed) return
  for (const spec of specs) {
    const { name, durationMs } = spec
    if (durationMs !== undefined && !toxics.update(name, { durationMs })) toxics.add(spec)
  }
}

/** What brings a proxy back to where it is now. */
function specOf(proxy: Proxy): ProxySpec {
  const { name, listen, upstream, enabled, onUpstreamError, expiresAt } = proxy
  const toxics = proxy.toxics.list().map(({ expiresAt, ...toxic }) => ({ ...toxic, ...leftOf(expiresAt) }))
  return { name, listen, upstream, enabled, onUpstreamError, ...leftOf(expiresAt), toxics }
}

const leftOf = (expiresAt: Date | undefined): { durationMs?: number } =>
  expiresAt ? { durationMs: Math.max(expiresAt.getTime() - Date.now(), 1) } : {}

/** Two lists with one key are the same toxics; how long they stay is no part of it. */
const keyOf = (toxics: readonly ToxicSpec[]): string =>
  JSON.stringify(inOrder(toxics).map((t) => [t.name, t.definition.type, t.stream, t.toxicity, t.attributes]))
