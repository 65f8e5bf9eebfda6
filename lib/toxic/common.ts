import type { Attributes } from '../toxic.ts'
import { AMQP_MATCH } from './amqp.ts'
import { POSTGRES_MATCH } from './postgres.ts'
import { STRIKE_COUNT } from './strike-count.ts'
import type { Protocol } from './units.ts'

/** What the toxics on a protocol's messages have besides their own attributes. */
export const COMMON_ATTRIBUTES: Readonly<Record<Protocol, Attributes>> = {
  amqp: { ...AMQP_MATCH, ...STRIKE_COUNT },
  postgres: { ...POSTGRES_MATCH, ...STRIKE_COUNT },
}
