import { Recent } from '../../util/recent.ts'
import type { Moment, Passage } from './passages.ts'

/** Every so many passages those are let go that have arrived. */
const SWEEP = 4096
/** More messages than a lane of our proxies can have in hand, which is 8 MiB: one has at least 100 bytes with its frames. */
const MOST_IN_HAND = 100_000
/** Answers that may still be taken out, and messages that may still be let go, of one lane. */
const MOST_REMEMBERED = 1000
/** More messages than this that went by say nothing more. */
const MOST_OVERTAKING = 20

/** A passage with its place in its lane. */
interface Place<P> {
  passage: P
  /** Where it ends among what came on the lane; undefined: it was put in. */
  until: number | undefined
  /** It has arrived once so much of the lane has. */
  behind: number
}

/** What the last answers on a lane are about, by where they end. */
class LastAnswers<A> {
  readonly #ends: number[] = []
  readonly #about: A[][] = []
  #next = 0

  set(until: number, about: A[]): void {
    this.#ends[this.#next] = until
    this.#about[this.#next] = about
    this.#next = (this.#next + 1) % MOST_REMEMBERED
  }

  at(until: number): A[] | undefined {
    return this.#about[this.#ends.lastIndexOf(until)]
  }
}

/** One lane of a connection: what may still be in hand, and what was taken out. `A` is what its answers are about. */
export class LaneBook<P extends Passage, A> {
  /** What may still be in hand, and some that has arrived. */
  #places: Place<P>[] = []
  readonly #out = new Recent<number, P>(MOST_REMEMBERED)
  /** What the answers on this lane are about, by where they end. */
  readonly #answers = new LastAnswers<A>()

  /** @param until undefined: it was put in. */
  enter(passage: P, until: number | undefined): void {
    this.#places.push({ passage, until, behind: until ?? this.#end })
    if (this.#places.length % SWEEP !== 0) return
    const open = this.#places.filter((one) => one.passage.reached === 'open')
    const inHand = open.slice(-MOST_IN_HAND)
    for (const { passage: gone } of open.slice(0, open.length - inHand.length)) gone.reached = 'yes'
    this.#places = inHand
  }

  /** An answer that ends here is about these. */
  answers(until: number, about: A[]): void {
    this.#answers.set(until, about)
  }

  answersAt(until: number): A[] {
    return this.#answers.at(until) ?? []
  }

  /** The message that ends here. */
  at(until: number): P | undefined {
    const out = this.#out.get(until)
    if (out) return out
    for (let index = this.#places.length - 1; index >= 0; index -= 1) {
      const place = this.#places[index]
      if (place?.until === until) return place.passage
      // Places are in order, but for what was put in or let go.
      if (place?.until !== undefined && place.until < until && !place.passage.held) return undefined
    }
    return undefined
  }

  takeOut(passage: P, until: number, withheld: Moment): void {
    passage.held = { withheld, overtakenBy: [] }
    passage.reached = 'no'
    this.#places = this.#places.filter((place) => place.passage !== passage)
    this.#out.set(until, passage)
  }

  letGo(passage: P, until: number, released: Moment): void {
    const { held } = passage
    if (!held) return
    const overtaking = this.#places.filter((place) => (place.until ?? 0) > until)
    const identities = new Set(overtaking.map((place) => place.passage.identity))
    held.overtakenBy = [...identities].filter((one) => one !== passage.identity).slice(0, MOST_OVERTAKING)
    held.released = released
    passage.reached = 'open'
    this.#out.delete(until)
    this.#places.push({ passage, until, behind: this.#end })
  }

  /** The connection has ended, when so much of the lane had been handed on. */
  end(forwarded: number): void {
    for (const { behind, passage } of this.#places)
      if (passage.reached === 'open') passage.reached = behind <= forwarded ? 'yes' : 'no'
    for (const passage of this.#out.values()) passage.over = true
  }

  /** Where the last message ends that went on in its place. */
  get #end(): number {
    return this.#places.findLast(({ until, passage }) => until !== undefined && !passage.held)?.until ?? 0
  }
}
