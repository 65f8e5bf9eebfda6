import type { Cause } from './evidence.ts'
import type { ProxyContext } from './context.ts'
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
  /** Names of proxies that are being made. */
  readonly #reserved = new Set<string>()
  #closed = false

  constructor(context: ProxyContext) {
    this.#context = { ...context }
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
  async create(spec: ProxySpec): Promise<Proxy> {
    const { name, listen, upstream, toxics = [], enabled = true, ...rest } = spec
    if (this.#byName.has(name) || this.#reserved.has(name)) throw new NameTaken('proxy', name)
    const proxy = new Proxy(name, listen ?? ANY_PORT, upstream, this.#context)
    this.#reserved.add(name)
    try {
      for (const toxic of toxics) proxy.toxics.add(toxic)
      await proxy.update({ enabled, ...rest })
    } catch (error) {
      proxy.remove({ kind: 'api' })
      throw error
    } finally {
      this.#reserved.delete(name)
    }
    this.#byName.set(name, proxy)
    if (this.#closed) this.remove(name, { kind: 'api' })
    return proxy
  }

  /**
   * Creates the unknown ones and changes the others to what is asked for; what is not asked for stays.
   * If one cannot be had, none is: those before it are as they were, but for connections that were dropped.
   * @throws {ListenError}
   */
  async populate(specs: readonly ProxySpec[]): Promise<Proxy[]> {
    const undo: (() => Promise<void>)[] = []
    try {
      const proxies: Proxy[] = []
      for (const spec of specs) {
        const existing = this.#byName.get(spec.name)
        if (existing) {
          const before = specOf(existing)
          await change(existing, spec)
          undo.push(() => change(existing, before))
        } else {
          await this.create(spec)
          undo.push(async () => void this.remove(spec.name, { kind: 'api' }))
        }
        proxies.push(this.#byName.get(spec.name) as Proxy)
      }
      return proxies
    } catch (error) {
      // What failed first is what is told.
      for (const step of undo.toReversed()) await step().catch(() => {})
      throw error
    }
  }

  /** Removes every toxic at once, then enables every proxy; the first port that cannot be had is thrown. */
  async reset(): Promise<void> {
    for (const proxy of this.list()) proxy.toxics.clear()
    const ends = await Promise.allSettled(this.list().map((proxy) => proxy.update({ enabled: true })))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
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
}

/** Toxics are touched only where they differ: taking one away and putting it back would strike twice. */
async function change(proxy: Proxy, spec: ProxySpec): Promise<void> {
  await proxy.update(spec)
  const { toxics } = spec
  if (!toxics || sameToxics(proxy.toxics.list(), toxics)) return
  proxy.toxics.clear()
  for (const toxic of toxics) proxy.toxics.add(toxic)
}

/** What brings a proxy back to where it is now. */
function specOf(proxy: Proxy): ProxySpec {
  const { name, listen, upstream, enabled, onUpstreamError, expiresAt } = proxy
  const toxics = proxy.toxics.list().map(({ expiresAt, ...toxic }) => ({ ...toxic, ...leftOf(expiresAt) }))
  return { name, listen, upstream, enabled, onUpstreamError, ...leftOf(expiresAt), toxics }
}

const leftOf = (expiresAt: Date | undefined): { durationMs?: number } =>
  expiresAt ? { durationMs: Math.max(expiresAt.getTime() - Date.now(), 1) } : {}

const sameToxics = (are: readonly ToxicSpec[], wanted: readonly ToxicSpec[]): boolean =>
  keyOf(are) === keyOf(wanted)

const keyOf = (toxics: readonly ToxicSpec[]): string =>
  JSON.stringify(
    inOrder(toxics).map((t) => [t.name, t.definition.type, t.stream, t.toxicity, t.attributes, t.durationMs]),
  )
