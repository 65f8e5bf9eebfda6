import type { Unit } from '../../toxic/units.ts'
import type { Hooks, ToxicLane } from '../../toxic.ts'
import type { Toxic } from '../stage-host.ts'
import { isRedelivered, matchAmqp, type AmqpMatch, type Decision, type NamesOf } from './amqp/match.ts'
import { matchPostgres, type PostgresMatch } from './postgres/match.ts'
import type { StrikeTally } from './strike-groups.ts'

/** What choosing needs of the lane's connection. */
export interface Choosing {
  readonly tally: StrikeTally
  readonly namesOf: NamesOf
  /** It is struck now. */
  struck(unit: Unit): void
}

/** The hooks of a toxic that acts on messages: it is shown those only that it is to strike. */
export function striking(hooks: Hooks, toxic: Toxic, lane: ToxicLane, choosing: Choosing): Hooks {
  return {
    ...hooks,
    data: (chunk) => {
      const { unit } = chunk
      if (!hooks.strike || !unit?.protocol || !isChosen(unit, toxic, lane, choosing)) return lane.send(chunk)
      toxic.strikes.struck()
      choosing.struck(unit)
      hooks.strike(chunk)
    },
  }
}

function isChosen(unit: Unit, toxic: Toxic, lane: ToxicLane, { tally, namesOf }: Choosing): boolean {
  // What a toxic made was struck already.
  if (unit.until === undefined) return false
  const on = toxic.definition.strikes?.on[lane.stream] ?? []
  if (!on.includes(methodOf(unit)) && !on.includes('*')) return false
  const decision = decide(unit, toxic, namesOf)
  if (decision === 'undecided') toxic.strikes.undecided()
  if (decision !== 'matches' || !isDistinct(unit, toxic, tally)) return false
  tally.matched += 1
  toxic.strikes.matched()
  const { nth, count, probability } = toxic.attributes
  if (tally.matched < Number(nth) || (Number(count) > 0 && tally.struck >= Number(count))) return false
  if (Number(probability) < 100 && lane.random() * 100 >= Number(probability)) return false
  tally.struck += 1
  return true
}

const methodOf = (unit: Unit): string => (unit.protocol === 'amqp' ? unit.message.method : unit.message.type)

function decide(unit: Unit, toxic: Toxic, namesOf: NamesOf): Decision {
  if (unit.protocol !== toxic.definition.strikes?.protocol) return 'differs'
  if (unit.protocol === 'postgres') return matchPostgres(unit, toxic.attributes as PostgresMatch)
  const match = toxic.attributes as AmqpMatch
  if (!toxic.definition.strikes?.answers) return matchAmqp(unit, match, namesOf)
  const { method, ...rest } = match
  if (method !== '' && unit.message.method !== method) return 'differs'
  if (Object.entries(rest).every(([name, value]) => value === toxic.definition.attributes[name]?.default))
    return 'matches'
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
