import type { Piece, Unit } from '../../toxic/units.ts'
import { struckBy, type AttributeValues, type Hooks, type ToxicLane } from '../../toxic.ts'
import { asksForAny, asksForNone } from '../../toxic/amqp.ts'
import type { Toxic } from '../stage-host.ts'
import type { Head, Interest } from './amqp/head.ts'
import {
  inBodyOf,
  isAddressedAs,
  isRedelivered,
  matchAmqp,
  type AmqpMatch,
  type Decision,
  type NamesOf,
} from './amqp/match.ts'
import { matchPostgres, type PostgresMatch } from './postgres/match.ts'
import type { StrikeTally } from './strike-groups.ts'

/** What choosing needs of the lane's connection. */
export interface Choosing {
  readonly tally: StrikeTally
  readonly namesOf: NamesOf
  /** It is struck now; in words, what was done at once, to no message. */
  struck(what: Unit | string): void
  /** It may be one that was meant, and cannot be struck. */
  spared(reason: string): void
}

export interface StrikingHooks extends Hooks {
  /** It does not match, and is not shown to `data`: asked once for each. */
  passes(unit: Unit | Piece | undefined): boolean
  /** What it wants of a message of AMQP, of which only the head is known. */
  interest(head: Head): Interest
  /** It cannot be struck, and none of its body is known. */
  tooLong(head: Head): void
}

/** The hooks of a toxic that acts on messages: it is shown those only that it is to strike. */
export function striking(
  hooks: Hooks,
  toxic: Toxic,
  lane: ToxicLane,
  choosing: Choosing,
  acted: () => void,
): StrikingHooks {
  const chooser = new Chooser(toxic, lane, choosing)
  const isIdle = () => !hooks.strike || (hooks.atOnce !== undefined && asksForNone(toxic.attributes))
  const strikes = (what: Unit | string) => {
    acted()
    toxic.strikes.struck()
    choosing.struck(what)
  }
  let hasTold = false
  const tooLong = (head: Head) => {
    if (isIdle() || chooser.interest(head) === undefined) return
    toxic.strikes.undecided()
    // There may be many, and its count has all of them.
    if (!hasTold) choosing.spared(`a ${head.method} is longer than 1 MiB, and cannot be struck`)
    hasTold = true
  }
  return {
    ...hooks,
    tooLong,
    atOnce: () => {
      const did = asksForNone(toxic.attributes) ? hooks.atOnce?.() : undefined
      if (did !== undefined) strikes(did)
      return did
    },
    passes: (unit) => isIdle() || !unit?.protocol || !chooser.matches(unit),
    interest: (head) => (isIdle() ? undefined : chooser.interest(head)),
    data: (chunk) => {
      const { unit } = chunk
      if (!hooks.strike || !unit?.protocol) return lane.send(chunk)
      if (hooks.matches?.(chunk) === false || !chooser.isNext(unit)) return lane.send(chunk)
      strikes(unit)
      hooks.strike(chunk)
    },
  }
}

/** Chooses the messages that one toxic strikes on one lane. */
class Chooser {
  readonly #toxic: Toxic
  readonly #lane: ToxicLane
  readonly #choosing: Choosing
  /** What it strikes with the attributes that it has. */
  #methods: readonly string[] = []
  #attributes: AttributeValues | undefined
  /** What the body of a call has that it asks for. */
  #call: readonly Buffer[] | undefined

  constructor(toxic: Toxic, lane: ToxicLane, choosing: Choosing) {
    this.#toxic = toxic
    this.#lane = lane
    this.#choosing = choosing
  }

  matches(unit: Unit): boolean {
    // What a toxic made was struck already.
    if (unit.until === undefined || !this.#strikes(methodOf(unit))) return false
    const decision = decide(unit, this.#toxic, this.#choosing.namesOf)
    if (decision === 'undecided') this.#toxic.strikes.undecided()
    return decision === 'matches'
  }

  /** What it wants of a message with this head, so that no more is looked at than must be. */
  interest(head: Head): Interest {
    const { definition } = this.#toxic
    if (!this.#strikes(head.method) || definition.strikes?.protocol !== 'amqp') return undefined
    if (definition.strikes.answers) return 'message'
    if (!isAddressedAs(head, this.#toxic.attributes as AmqpMatch)) return undefined
    return this.#call ?? 'message'
  }

  /** Counts one that matches. @returns whether it is struck. */
  isNext(unit: Unit): boolean {
    const { tally } = this.#choosing
    if (!isDistinct(unit, this.#toxic, tally)) return false
    tally.matched += 1
    this.#toxic.strikes.matched()
    const { nth, count, probability } = this.#toxic.attributes
    if (tally.matched < Number(nth) || (Number(count) > 0 && tally.struck >= Number(count))) return false
    if (Number(probability) < 100 && this.#lane.random() * 100 >= Number(probability)) return false
    tally.struck += 1
    return true
  }

  #strikes(method: string): boolean {
    const { definition, attributes } = this.#toxic
    if (this.#attributes !== attributes) {
      this.#attributes = attributes
      this.#methods = struckBy(definition, attributes)[this.#lane.stream] ?? []
      const needle = inBodyOf(attributes as AmqpMatch)
      this.#call = needle === undefined ? undefined : [Buffer.from(needle)]
    }
    return this.#methods.includes(method) || this.#methods.includes('*')
  }
}

const methodOf = (unit: Unit): string => (unit.protocol === 'amqp' ? unit.message.method : unit.message.type)

function decide(unit: Unit, toxic: Toxic, namesOf: NamesOf): Decision {
  if (unit.protocol !== toxic.definition.strikes?.protocol) return 'differs'
  if (unit.protocol === 'postgres') return matchPostgres(unit, toxic.attributes as PostgresMatch)
  const match = toxic.attributes as AmqpMatch
  if (!toxic.definition.strikes?.answers) return matchAmqp(unit, match, namesOf)
  if (match.method !== '' && unit.message.method !== match.method) return 'differs'
  if (asksForAny({ ...match, method: '' })) return 'matches'
  if (unit.answers.length === 0) return 'undecided'
  const decisions = unit.answers.map((answered) => matchAmqp(answered, { ...match, method: '' }, namesOf))
  return (['matches', 'undecided'] as const).find((one) => decisions.includes(one)) ?? 'differs'
}

/** A message that is sent or delivered again is not another one. */
function isDistinct(unit: Unit, { definition, attributes }: Toxic, tally: StrikeTally): boolean {
  if (unit.protocol !== 'amqp') return true
  if (definition.strikes?.answers) return true
  const identity = unit.call?.identity
  if (identity !== undefined) return tally.isNew(`${unit.call?.method} ${identity}`)
  return !isRedelivered(unit) || attributes['redelivered'] === 'yes'
}
