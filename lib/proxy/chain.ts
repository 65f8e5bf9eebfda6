import type { Random } from '../util/random.ts'
import type { Exit } from './front/exit.ts'
import { MessageStage } from './front/message-stage.ts'
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
  /** Why a toxic that acts on messages cannot act on this lane; undefined: it can. */
  cannotStrike(toxic: Toxic): string | undefined
}

/** The toxics of one lane between its source and its destination: first those that act on messages, each kind in order. */
export class Chain implements Outlet {
  readonly #host: ChainHost
  readonly #destination: Outlet
  readonly #places: Place[] = []
  readonly #exit: Exit | undefined
  /** Where bytes begin, and messages. */
  #first: Outlet
  #firstOfMessages: Outlet
  #transparent = true

  /** @param exit Behind the toxics that act on messages, where those are followed. */
  constructor(host: ChainHost, destination: Outlet, exit?: Exit) {
    this.#host = host
    this.#destination = destination
    this.#exit = exit
    this.#first = destination
    this.#firstOfMessages = exit ?? destination
  }

  data(bytes: Buffer): void {
    this.#first.data(bytes)
  }

  ending(how: Ending): void {
    this.#firstOfMessages.ending(how)
  }

  /** Where messages go. */
  get messages(): Outlet {
    return this.#firstOfMessages
  }

  /** Toxics act on messages of it. */
  get strikes(): boolean {
    return this.#places.some(({ toxic, stage }) => stage && toxic.definition.strikes)
  }

  /** One of them asks what acks and confirms answer. */
  get asksForAnswers(): boolean {
    return this.#places.some(({ toxic, stage }) => stage && toxic.definition.strikes?.answers)
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
    const { toxic } = place
    if (place.coin >= toxic.toxicity) return
    if (toxic.definition.strikes && this.#host.cannotStrike(toxic) !== undefined) return
    const OwnStage = toxic.definition.strikes ? MessageStage : Stage
    place.stage = new OwnStage(this.#host, toxic, place.random, this.#destination)
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
    this.#first = this.#link(this.#destination, false)
    if (this.#exit) this.#exit.next = this.#first
    this.#firstOfMessages = this.#link(this.#exit ?? this.#first, true)
  }

  #link(last: Outlet, strikes: boolean): Outlet {
    let next = last
    for (const { stage, toxic } of this.#places.toReversed()) {
      if (!stage || strikes !== (toxic.definition.strikes !== undefined)) continue
      stage.next = next
      next = stage
    }
    return next
  }

  #look(): void {
    this.#transparent = !this.#places.some(({ stage }) => stage?.looks)
  }
}
