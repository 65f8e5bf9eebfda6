import { defaultsOf } from '../../proxy/attributes.ts'
import { actsOn, type Attribute, type AttributeValue, type ToxicDefinition } from '../../toxic.ts'
import { monotonicMs } from '../../util/clock.ts'
import { pauseFor } from '../../util/poll.ts'
import { seededRandom, type Random } from '../../util/random.ts'

/** Between two changes of one proxy, at most. */
const LONGEST_CALM_MS = 80
/** Toxics on one proxy at a time, at most. */
const NAMES = ['a', 'b', 'c', 'd']

/** Values of attributes that hold connections up for seconds and not for minutes. */
const RANGES: Record<string, readonly [min: number, max: number]> = {
  latency: [0, 50],
  jitter: [0, 100],
  rate: [20, 20_000],
  delay: [0, 400],
  average_size: [1, 4096],
  size_variation: [0, 5000],
  timeout: [0, 300],
  bytes: [0, 500_000],
}
/** Values of attributes with which a toxic does not cut. */
const FAR = 2 ** 31 - 1
const NEVER: Record<string, number> = { timeout: FAR, bytes: FAR }

const STREAMS = ['upstream', 'downstream'] as const

/** Toxics that come, change and go on one proxy, through the API. */
export class Weather {
  changes = 0
  slowestMs = 0
  readonly types = new Set<string>()
  readonly #api: string
  readonly #definitions: readonly ToxicDefinition[]
  readonly #cuts: boolean
  readonly #random: Random
  readonly #there = new Map<string, ToxicDefinition>()

  /** @param api The proxy's own address in the API. @param cuts Toxics may drop data and cut connections. */
  constructor(api: string, definitions: readonly ToxicDefinition[], cuts: boolean, seed: string) {
    this.#api = api
    this.#cuts = cuts
    this.#random = seededRandom(seed, 'weather', api.replace(/.*\//, ''))
    this.#definitions = definitions.filter(({ closesWhenRemoved }) => cuts || !closesWhenRemoved)
  }

  /** Until `over`; then every toxic is gone. */
  async blow(over: () => boolean): Promise<void> {
    while (!over()) {
      await this.#change()
      await pauseFor(this.#random() * LONGEST_CALM_MS, undefined)
    }
    for (const name of this.#there.keys()) await this.#ask('DELETE', `/toxics/${name}`)
    this.#there.clear()
  }

  async #change(): Promise<void> {
    if (this.#cuts && this.#random() < 0.01) return this.#outage()
    const name = this.#pick(NAMES)
    const there = this.#there.get(name)
    if (!there) return this.#add(name)
    if (this.#random() < 0.5) {
      this.#there.delete(name)
      return this.#ask('DELETE', `/toxics/${name}`)
    }
    await this.#ask('POST', `/toxics/${name}`, {
      attributes: this.#values(there),
      toxicity: this.#toxicity(),
    })
  }

  async #add(name: string): Promise<void> {
    const definition = this.#pick(this.#definitions)
    this.types.add(definition.type)
    this.#there.set(name, definition)
    await this.#ask('POST', '/toxics', {
      name,
      type: definition.type,
      stream: this.#pick(STREAMS.filter((stream) => actsOn(definition, defaultsOf(definition), stream))),
      toxicity: this.#toxicity(),
      attributes: this.#values(definition),
    })
  }

  async #outage(): Promise<void> {
    await this.#ask('POST', '', { enabled: false })
    await this.#ask('POST', '', { enabled: true })
  }

  #toxicity(): number {
    return this.#pick([1, 0.5, 0])
  }

  /** One that acts on messages finds none here, whatever it asks for: it must leave alone what it cannot read. */
  #values({ attributes, strikes }: ToxicDefinition): Record<string, AttributeValue> {
    if (strikes) return {}
    return Object.fromEntries(Object.entries(attributes).map(([name, one]) => [name, this.#value(name, one)]))
  }

  #value(name: string, attribute: Attribute): AttributeValue {
    if ('choices' in attribute) return this.#pick(attribute.choices)
    const never = this.#cuts ? undefined : NEVER[name]
    const [min, max] = RANGES[name] ?? [0, 0]
    return never ?? Math.floor(min + this.#random() * (max - min + 1))
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T
  }

  async #ask(method: string, path: string, body?: unknown): Promise<void> {
    const begun = monotonicMs()
    const response = await fetch(`${this.#api}${path}`, {
      method,
      headers: { connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${response.status} ${text}`)
    this.changes += 1
    this.slowestMs = Math.max(this.slowestMs, monotonicMs() - begun)
  }
}
