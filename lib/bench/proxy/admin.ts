/** A toxic as the API takes it. */
export interface ToxicBody {
  name: string
  type: string
  stream?: 'upstream' | 'downstream'
  attributes?: Record<string, number>
}

const ANSWER_MS = 5000

/** Toxiproxy's API, as far as the benchmark needs it; an answer that takes longer than 5 s is an error. */
export class Admin {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** @returns its port. */
  async create(name: string, service: number): Promise<number> {
    const body = { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${service}` }
    const made = (await this.#ask('POST', '/proxies', body)) as { listen: string }
    return Number(made.listen.split(':').at(-1))
  }

  async delete(proxy: string): Promise<void> {
    await this.#ask('DELETE', `/proxies/${proxy}`)
  }

  async add(toxic: ToxicBody, proxy = 'bench'): Promise<void> {
    await this.#ask('POST', `/proxies/${proxy}/toxics`, toxic)
  }

  async update(name: string, attributes: Record<string, number>): Promise<void> {
    await this.#ask('POST', `/proxies/bench/toxics/${name}`, { attributes })
  }

  async remove(name: string): Promise<void> {
    await this.#ask('DELETE', `/proxies/bench/toxics/${name}`)
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text && JSON.parse(text)
  }
}
