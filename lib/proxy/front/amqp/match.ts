import type { AMQP_MATCH } from '../../../toxic/amqp.ts'
import type { AmqpUnit } from '../../../toxic/units.ts'
import type { ValuesOf } from '../../../toxic.ts'
import type { CallIds } from '../../../wire/rpc/methods.ts'
import { isLike, patternOf } from '../patterns.ts'
import type { Head } from './head.ts'

/** By what a message of AMQP is chosen. */
export type AmqpMatch = ValuesOf<typeof AMQP_MATCH>

/** Gives the names, and further ids, of what a call is about; undefined: they are not known. */
export type NamesOf = (kind: 'workflow' | 'task' | 'action', ids: CallIds) => readonly string[] | undefined

/** `undecided`: it cannot be told yet whom it is about. */
export type Decision = 'matches' | 'differs' | 'undecided'

/** A call that is the answer to another one. */
const REPLY = 'reply'

const IDS = ['workflow', 'task', 'action'] as const

/** Whether a message is one of those that are asked for. */
export function matchAmqp(unit: AmqpUnit, match: AmqpMatch, namesOf: NamesOf): Decision {
  const { call, body } = match
  if (!isAddressedAs(headOf(unit), match)) return 'differs'
  if (body !== '' && !patternOf(body).test(unit.message.content?.body.toString('utf8') ?? ''))
    return 'differs'
  if (call !== '' && !isCall(unit, call)) return 'differs'
  return decideAbout(unit, match, namesOf)
}

/** Whether it is one of those that are asked for, as far as its head tells. */
export function isAddressedAs(head: Head, match: AmqpMatch): boolean {
  const { method, exchange, routing_key: routingKey, queue, redelivered } = match
  if (method !== '' && head.method !== method) return false
  if (queue !== '' && !isLike(head.queue ?? '', queue)) return false
  if (redelivered !== 'any' && head.redelivered !== (redelivered === 'yes')) return false
  return (
    (exchange === '' || isLike(head.exchange, exchange)) &&
    (routingKey === '' || isLike(head.routingKey, routingKey))
  )
}

/** A text that is in the body of each message that is asked for; undefined: no such text is known. */
export const inBodyOf = ({ call }: AmqpMatch): string | undefined =>
  call === '' || call === REPLY ? undefined : call

function decideAbout(unit: AmqpUnit, match: AmqpMatch, namesOf: NamesOf): Decision {
  let decision: Decision = 'matches'
  for (const kind of IDS) {
    const wanted = match[kind]
    if (wanted === '') continue
    const ids = unit.call?.ids
    if (!ids || Object.keys(ids).length === 0) return 'differs'
    if (ids[kind] === wanted || (kind === 'action' && ids.actions?.includes(wanted))) continue
    const names = namesOf(kind, ids)
    if (!names) decision = 'undecided'
    else if (!names.some((one) => isLike(one, wanted))) return 'differs'
  }
  return decision
}

/** A body that does not have the method's name is none of its calls: most need not be decoded. */
function isCall(unit: AmqpUnit, wanted: string): boolean {
  const body = unit.message.content?.body
  if (!body) return false
  if (wanted === REPLY) return unit.call?.kind === 'reply'
  return body.includes(wanted) && unit.call?.method === wanted
}

/** The broker has delivered it before. */
export const isRedelivered = ({ message }: AmqpUnit): boolean =>
  (message.method === 'basic.deliver' || message.method === 'basic.get-ok') && message.fields.redelivered

function headOf(unit: AmqpUnit): Head {
  const { message, queue } = unit
  const fields = message.fields as { exchange?: string; routingKey?: string }
  const { exchange = '', routingKey = '' } = fields
  return { method: message.method, exchange, routingKey, redelivered: isRedelivered(unit), queue }
}
