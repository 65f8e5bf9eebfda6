import { Toxiproxy } from 'toxiproxy-node-client'
import { HarnessError, messageOf, UsageError } from '../util/errors.ts'

/** A toxic as the API takes it; `duration` (ms) is ours, a real Toxiproxy ignores it. */
export interface ToxicRequest {
  name: string
  type: string
  stream: 'upstream' | 'downstream'
  toxicity: number
  attributes: Record<string, unknown>
  duration?: number
}

/** A toxic as the API tells it; with a lease it says when that ends, in ISO 8601. */
export interface ToxicView extends Omit<ToxicRequest, 'duration'> {
  expires_at?: string
}

export interface ProxyView {
  name: string
  listen: string
  upstream: string
  enabled: boolean
  /** When a disabled proxy will be enabled again, if it will. */
  expires_at?: string
  toxics: ToxicView[]
}

interface ConnectionView {
  id: number
  /** Where the proxy's own connection to the service comes from: `127.0.0.1:40112`. */
  upstream_local: string
}

/** The server said no; its own text and status are kept. */
class ToxiproxyRefusal extends UsageError {
  override name = 'ToxiproxyRefusal'
  readonly status: number

  constructor(text: string, status: number) {
    super(text)
    this.status = status
  }
}

/**
 * The client's way to HTTP, with what its own throws away: the server's error text, and a limit of time.
 */
class FaithfulHttp {
  private readonly server: string

  /** @param server What people call the server. */
  constructor(server: string) {
    this.server = server
  }

  async get(url: string): Promise<{ data: unknown }> {
    return dataOf(await this.request('GET', url))
  }
  async post(url: string, body?: unknown): Promise<{ data: unknown }> {
    return dataOf(await this.request('POST', url, body))
  }
  async delete(url: string): Promise<void> {
    await this.request('DELETE', url)
  }

  /** The text of the answer. */
  async request(method: string, url: string, body?: unknown): Promise<string> {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(10_000),
      // A connection that is kept may be closed by the server in the moment in which it is used again.
      headers: { connection: 'close', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      // fetch says only "fetch failed"; what failed is its cause.
      const why = messageOf(error instanceof Error ? (error.cause ?? error) : error)
      throw new HarnessError(`${this.server} at ${new URL(url).origin} does not answer: ${why}`, {
        cause: error,
      })
    })
    const text = await response.text()
    if (!response.ok) throw new ToxiproxyRefusal(errorText(text, response.status), response.status)
    return text
  }
}

const dataOf = (text: string): { data: unknown } => ({ data: text === '' ? undefined : JSON.parse(text) })

function errorText(text: string, status: number): string {
  try {
    return (JSON.parse(text) as { error: string }).error
  } catch {
    return `status ${status}: ${text}`
  }
}

/** A line of its metrics: `toxiproxy_proxy_sent_bytes_total{direction="upstream",…,proxy="a.b",…} 177`. */
const BYTES = /^toxiproxy_proxy_(received|sent)_bytes_total\{(?:[^}]*,)?proxy="([^"]*)"[^}]*\} (\S+)$/gm

/** Received and not sent, in bytes for each proxy. */
export function swallowedBytes(metrics: string): Map<string, number> {
  const swallowed = new Map<string, number>()
  for (const [, word, proxy = '', bytes] of metrics.matchAll(BYTES)) {
    const sum = swallowed.get(proxy) ?? 0
    swallowed.set(proxy, word === 'received' ? sum + Number(bytes) : sum - Number(bytes))
  }
  return swallowed
}

/** Names may have any letters. */
export const pathOfProxy = (proxy: string): string => `/proxies/${encodeURIComponent(proxy)}`

export const pathOfToxic = (proxy: string, toxic: string): string =>
  `${pathOfProxy(proxy)}/toxics/${encodeURIComponent(toxic)}`

/** Toxiproxy's HTTP API, ours or a real one: the only way by which faults reach links. */
export class ToxiproxyApi {
  readonly url: string
  /** Where each proxy listens that was laid through this object, by name. */
  private readonly laid = new Map<string, string>()
  private readonly client: Toxiproxy
  private readonly http: FaithfulHttp

  /** @param server What its errors call the server. */
  constructor(url: string, server: 'Toxiproxy' | 'our own proxy server' = 'Toxiproxy') {
    this.url = url
    this.http = new FaithfulHttp(server)
    this.client = new Toxiproxy(url)
    this.client.api = this.http as unknown as Toxiproxy['api']
  }

  /** The version that the server tells, which also shows that it is there. */
  async version(): Promise<string> {
    const { data } = await this.client.api.get<{ version: string }>(`${this.url}/version`)
    return data.version
  }

  /** Lays a proxy on a port of the server's choice and returns where it listens. */
  async createProxy(name: string, upstream: string): Promise<string> {
    const proxy = await this.client.createProxy({ name, listen: '127.0.0.1:0', upstream })
    this.laid.set(name, proxy.listen)
    return proxy.listen
  }

  /** Asks for any path of the API; what an answer without a body gives is undefined. */
  async ask<T>(verb: string, path: string, body?: unknown): Promise<T> {
    return dataOf(await this.http.request(verb, `${this.url}${path}`, body)).data as T
  }

  /** A real Toxiproxy knows none of what ours has beyond it. */
  async isOurs(): Promise<boolean> {
    try {
      await this.http.request('GET', `${this.url}/seed`)
      return true
    } catch (error) {
      if (error instanceof ToxiproxyRefusal && error.status === 404) return false
      throw error
    }
  }

  async proxies(): Promise<Record<string, ProxyView>> {
    const { data } = await this.client.api.get<Record<string, ProxyView>>(`${this.url}/proxies`)
    return data
  }

  /** The open connections of a proxy of ours; a real Toxiproxy has no such list. */
  async connections(proxy: string): Promise<ConnectionView[]> {
    const { data } = await this.client.api.get<ConnectionView[]>(
      `${this.url}${pathOfProxy(proxy)}/connections`,
    )
    return data
  }

  /**
   * Bytes that each proxy has received and not sent, on connections that have ended. Empty where the server does not
   * tell: the embedded one does not, a real Toxiproxy only with `-proxy-metrics`.
   */
  async swallowed(): Promise<ReadonlyMap<string, number>> {
    try {
      return swallowedBytes(await this.http.request('GET', `${this.url}/metrics`))
    } catch (error) {
      if (error instanceof ToxiproxyRefusal && error.status === 404) return new Map()
      throw error
    }
  }

  async removeProxy(name: string): Promise<void> {
    const proxy = await this.client.get(name)
    await proxy.remove()
  }

  async addToxic(proxy: string, toxic: ToxicRequest): Promise<void> {
    const found = await this.client.get(proxy)
    await found.addToxic(toxic as unknown as Parameters<typeof found.addToxic>[0])
  }

  /** A toxic that is gone already, because its lease has ended, is what was wanted. */
  async removeToxic(proxy: string, toxic: string): Promise<void> {
    await this.client.api.delete(`${this.url}${pathOfToxic(proxy, toxic)}`).catch((error: unknown) => {
      if (!(error instanceof ToxiproxyRefusal) || error.status !== 404) throw error
    })
  }

  /** @param durationMs After it the server enables the proxy by itself; a real Toxiproxy does not. */
  async setEnabled(proxy: string, enabled: boolean, durationMs?: number): Promise<void> {
    const found = await this.client.get(proxy)
    const body = { enabled, listen: found.listen, upstream: found.upstream, duration: durationMs }
    await found.update(body)
  }

  /** Enables each proxy that was laid here and removes its toxics. */
  async freeLaid(): Promise<void> {
    const free = async ({ name, enabled, toxics }: ProxyView) => {
      for (const toxic of toxics) await this.removeToxic(name, toxic.name)
      if (!enabled) await this.setEnabled(name, true)
    }
    await Promise.all((await this.laidThere()).map(free))
  }

  /** Removes each proxy that was laid here. */
  async removeLaid(): Promise<void> {
    await Promise.all((await this.laidThere()).map(({ name }) => this.removeProxy(name)))
  }

  /** A server may be shared, and a proxy of one of our names be somebody else's by now: the port tells. */
  private async laidThere(): Promise<ProxyView[]> {
    const there = Object.values(await this.proxies())
    return there.filter(({ name, listen }) => this.laid.get(name) === listen)
  }
}
