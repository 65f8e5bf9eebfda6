import type { Unit } from '../../toxic/units.ts'

/** Of a statement so much is told, in characters. */
const LONGEST_QUERY = 80

/** A message in a few words: `basic.deliver run_action`, `Query COMMIT`. */
export function describe(unit: Unit): string {
  if (unit.protocol === 'postgres')
    return `${unit.message.type} ${(unit.query ?? '').slice(0, LONGEST_QUERY)}`.trim()
  const { message, call, answers } = unit
  const about = call ?? answers[0]?.call
  const name = about && (about.kind === 'reply' ? 'reply' : about.method)
  return name === undefined ? message.method : `${message.method} ${answers.length > 0 ? 'of ' : ''}${name}`
}
