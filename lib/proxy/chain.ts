import type { Random } from '../util/random.ts'
import { Stage } from './stage.ts'
import type { Ending, Outlet, StageHost, Toxic } from './stage-host.ts'

/** One of the proxy's toxics as one connection sees it. */
interface Place {
  readonly toxic: Toxic
  readonly random: Random
  /** Thrown once for this connection and toxic: it acts while this is below its toxicity. */
  readonly coin: number
  stage: Stage | undefined
}

/** What a chain needs of its lane. */
export interface ChainHost extends StageHost {
  /** The random numbers that belong to this connection, stream and toxic. */
  randomOf(toxic: Toxic): Random
}

/** The toxics of one lane in order, between its source and its destination. */
export class Chain implements Outlet {
  readonly #host: ChainHost
  readonly #destination: Outlet
  readonly #places: Place[] = []
  #first: Outlet
  #transparent = true

  constructor(host: ChainHost, destination: Outlet) {
    this.#host = host
    this.#destination = destination
    this.#first = destination
  }

  data(bytes: Buffer): void {
    this.#first.data(bytes)
  }

  ending(how: Ending): void {
    this.#first.ending(how)
  }

  /** No toxic acts on this lane that looks at its bytes. */
  get isTransparent(): boolean {
    return this.#transparent
  }

  /** The toxics that act on this lane. */
  get toxics(): { name: string; acted: boolean }[] {
    return this.#places.flatMap(({ toxic, stage }) =>
      stage ? [{ name: toxic.name, acted: stage.acted }] : [],
    )
  }

  /** Puts it behind the others. */
  add(toxic: Toxic): void {
    const random = this.#host.randomOf(toxic)
    const place: Place = { toxic, random, coin: random(), stage: undefined }
    this.#places.push(place)
    this.#choose(place)
  }

  /** Its toxicity may have changed, and its attributes, if told so; the coin stays as it fell. */
  update(toxic: Toxic, attributesChanged: boolean): void {
    const place = this.#places.find((other) => other.toxic === toxic)
    if (!place) return
    const acts = place.coin < toxic.toxicity
    if (!place.stage) this.#choose(place)
    else if (!acts) this.#withdraw(place, place.stage)
    else if (attributesChanged) place.stage.update()
  }

  /** What it has in hand goes on at once; if it has lost data, the connection ends. */
  remove(toxic: Toxic): void {
    const index = this.#places.findIndex((other) => other.toxic === toxic)
    const place = this.#places[index]
    if (!place) return
    if (place.stage) this.#withdraw(place, place.stage)
    this.#places.splice(index, 1)
  }

  /** The connection has ended: drops what is in hand and ends all timers. */
  dispose(): void {
    for (const { stage } of this.#places) stage?.dispose()
  }

  #choose(place: Place): void {
    if (place.coin >= place.toxic.toxicity) return
    place.stage = new Stage(this.#host, place.toxic, place.random, this.#destination)
    this.#relink()
    place.stage.open()
    this.#look()
  }

  #withdraw(place: Place, stage: Stage): void {
    stage.flush()
    stage.dispose()
    place.stage = undefined
    this.#relink()
    this.#look()
    const { closesWhenRemoved } = place.toxic.definition
    if (closesWhenRemoved === 'always' || (closesWhenRemoved && stage.acted))
      this.#host.cut(place.toxic, 'close')
  }

  #relink(): void {
    let next = this.#destination
    for (const { stage } of this.#places.toReversed()) {
      if (!stage) continue
      stage.next = next
      next = stage
    }
    this.#first = next
  }

  #look(): void {
    this.#transparent = !this.#places.some(({ stage }) => stage?.looks)
  }
}
