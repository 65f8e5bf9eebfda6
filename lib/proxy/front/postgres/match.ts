import type { POSTGRES_MATCH } from '../../../toxic/postgres.ts'
import type { PostgresUnit } from '../../../toxic/units.ts'
import type { ValuesOf } from '../../../toxic.ts'
import type { Decision } from '../amqp/match.ts'
import { isLike, patternOf } from '../patterns.ts'

/** By what a statement is chosen. */
export type PostgresMatch = ValuesOf<typeof POSTGRES_MATCH>

/** Whether a message executes, or begins to answer, one of the statements that are asked for. */
export function matchPostgres(unit: PostgresUnit, match: PostgresMatch): Decision {
  if (!unit.opens) return 'differs'
  const decisions = [
    match.query === '' ? 'matches' : decide(unit.query, (text) => has(text, match.query)),
    match.table === ''
      ? 'matches'
      : decide(unit.tables, (tables) => tables.some((one) => isLike(one, match.table))),
    match.transaction === ''
      ? 'matches'
      : decide(unit.earlier, (earlier) => earlier.some((text) => has(text, match.transaction))),
  ]
  return (['differs', 'undecided'] as const).find((one) => decisions.includes(one)) ?? 'matches'
}

const has = (text: string, pattern: string): boolean => patternOf(pattern, 'is').test(text.trimStart())

const decide = <T>(known: T | undefined, matches: (known: T) => boolean): Decision => {
  if (known === undefined) return 'undecided'
  return matches(known) ? 'matches' : 'differs'
}
