import type { Unit } from '../../toxic/units.ts'
import { redactSql } from '../../wire/postgres/redact.ts'

/** Of a statement so much is told, in characters. */
const LONGEST_QUERY = 80

/** A message in a few words, `basic.deliver run_action`, `Query COMMIT`; and the identity of its call, or of what it answers. */
export function describe(unit: Unit): { message: string; identity?: string | undefined } {
  if (unit.protocol === 'postgres')
    return { message: `${unit.message.type} ${redactSql(unit.query ?? '', LONGEST_QUERY)}`.trim() }
  const { message, call, answers } = unit
  const about = call ?? answers[0]?.call
  if (!about) return { message: message.method }
  const name = about.kind === 'reply' ? 'reply' : about.method
  const of = answers.length > 0 ? 'of ' : ''
  return { message: `${message.method} ${of}${name}`, identity: about.identity }
}
