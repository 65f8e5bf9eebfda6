import { isDeepStrictEqual } from 'node:util'
import type { AttributeValues, Stream, ToxicDefinition } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { Alarm } from './alarm.ts'
import type { Connection } from './connection.ts'
import type { Toxic } from './stage-host.ts'
import { StrikeCount } from './strikes.ts'

/** A toxic as it is asked for; its attributes are complete and valid. */
export interface ToxicSpec {
  name: string
  definition: ToxicDefinition
  stream: Stream
  toxicity: number
  attributes: AttributeValues
  /** A lease: it ends itself after this many ms; 0 is none. */
  durationMs?: number
}

/** What may be changed of a toxic; what is undefined stays. A duration begins now, and 0 ends the lease and not the toxic. */
export type ToxicChange = Partial<Pick<ToxicSpec, 'toxicity' | 'attributes' | 'durationMs'>>

/** A toxic of a proxy, with its lease. */
export interface LeasedToxic extends Toxic {
  /** Wall clock; undefined without a lease. */
  expiresAt: Date | undefined
}

interface Entry {
  toxic: LeasedToxic
  lease: Alarm
}

/** A proxy's or a toxic's name is in use. */
export class NameTaken extends Error {
  override name = 'NameTaken'
  readonly of: 'proxy' | 'toxic'

  constructor(of: 'proxy' | 'toxic', name: string) {
    super(`${of} ${name} already exists`)
    this.of = of
  }
}

export type ToxicsChange = 'added' | 'updated' | 'removed' | 'expired'

/** The toxics of one proxy. Every change acts at once, on all its live connections, and waits for nothing. */
export class Toxics {
  readonly #entries: Entry[] = []
  readonly #strikes: StrikeCount
  readonly #connections: () => Iterable<Connection>
  readonly #tell: (change: ToxicsChange, toxic: LeasedToxic) => void

  /**
   * @param strikes counts what all toxics do.
   * @param tell is told of each change once it has been made; one whose lease removed it has expired.
   */
  constructor(
    strikes: StrikeCount,
    connections: () => Iterable<Connection>,
    tell: (change: ToxicsChange, toxic: LeasedToxic) => void,
  ) {
    this.#strikes = strikes
    this.#connections = connections
    this.#tell = tell
  }

  /** The upstream's first, each in order of insertion. */
  list(): LeasedToxic[] {
    return inOrder(this.#entries.map((entry) => entry.toxic))
  }

  get(name: string): LeasedToxic | undefined {
    return this.#find(name)?.toxic
  }

  /** @throws {NameTaken} in this proxy, whatever the stream. */
  add(spec: ToxicSpec): LeasedToxic {
    if (this.#find(spec.name)) throw new NameTaken('toxic', spec.name)
    const { name, definition, stream, toxicity, attributes, durationMs } = spec
    const toxic: LeasedToxic = {
      name,
      definition,
      stream,
      toxicity,
      attributes,
      strikes: new StrikeCount(this.#strikes),
      expiresAt: undefined,
    }
    const lease = new Alarm(() => this.#remove(toxic.name, 'expired'))
    const entry = { toxic, lease }
    this.#entries.push(entry)
    rent(entry, durationMs)
    for (const connection of this.#connections()) connection.add(toxic)
    this.#tell('added', toxic)
    return toxic
  }

  /**
   * Connections see only what differs: a toxic that is given the values that it has goes on as it was.
   * @returns undefined if there is none of that name.
   */
  update(name: string, change: ToxicChange): LeasedToxic | undefined {
    const entry = this.#find(name)
    if (!entry) return undefined
    const { toxic } = entry
    const { attributes = toxic.attributes } = change
    const changed = !isDeepStrictEqual(attributes, toxic.attributes)
    toxic.attributes = attributes
    toxic.toxicity = change.toxicity ?? toxic.toxicity
    rent(entry, change.durationMs)
    for (const connection of this.#connections()) connection.update(toxic, changed)
    this.#tell('updated', toxic)
    return toxic
  }

  /** @returns false if there is none of that name. */
  remove(name: string): boolean {
    return this.#remove(name, 'removed')
  }

  clear(): void {
    for (const { name } of this.list()) this.remove(name)
  }

  /** The proxy is gone: only the leases remain to be ended. */
  dispose(): void {
    for (const { lease } of this.#entries) lease.clear()
  }

  #remove(name: string, change: ToxicsChange): boolean {
    const entry = this.#find(name)
    if (!entry) return false
    entry.lease.clear()
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    for (const connection of this.#connections()) connection.remove(entry.toxic)
    this.#tell(change, entry.toxic)
    return true
  }

  #find(name: string): Entry | undefined {
    return this.#entries.find((entry) => entry.toxic.name === name)
  }
}

/** As Toxiproxy lists toxics: the upstream's first. */
export const inOrder = <T extends { stream: Stream }>(toxics: readonly T[]): T[] =>
  (['upstream', 'downstream'] as const).flatMap((stream) => toxics.filter((toxic) => toxic.stream === stream))

function rent({ toxic, lease }: Entry, durationMs: number | undefined): void {
  if (durationMs === undefined) return
  lease.clear()
  toxic.expiresAt = undefined
  if (durationMs === 0) return
  toxic.expiresAt = new Date(Date.now() + durationMs)
  lease.set(monotonicMs() + durationMs)
}
