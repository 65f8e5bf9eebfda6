import { query } from '../../../wire/postgres/encode.ts'
import { CLIENT } from './answers.ts'

/** A name that no client gives. */
const NAME = 'crosswind: a toxic answers it'

/** No statement begins so: a server refuses it whatever its transaction is in, which fails by that. */
const REFUSED = query('crosswind answers this statement with an error')
const ROLLBACK = query('ROLLBACK')

const string = (text: string): Buffer => Buffer.from(`${text}\0`)
const NONE = Buffer.alloc(2)

function message(type: number, ...fields: Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  const head = Buffer.alloc(5)
  head.writeUInt8(type)
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

/** Execute of a portal that there is not. */
const NO_PORTAL = message(CLIENT.execute, string(`${NAME}, too`), Buffer.alloc(4))

/** A ROLLBACK under a name of its own, which the client does not hear of. */
const ROLLBACK_EXTENDED = Buffer.concat([
  message(CLIENT.parse, string(NAME), string('ROLLBACK'), NONE),
  message(CLIENT.bind, string(NAME), string(NAME), NONE, NONE, NONE),
  message(CLIENT.execute, string(NAME), Buffer.alloc(4)),
  message(CLIENT.close, Buffer.from('S'), string(NAME)),
])
const ROLLBACK_STEPS = [CLIENT.parse, CLIENT.bind, CLIENT.execute, CLIENT.close]

/**
 * What a server gets in place of a statement that is to fail: so its transaction fails for real. A COMMIT becomes a
 * ROLLBACK, since a transaction that cannot be committed leaves its session idle.
 */
export function failing(asks: number, commits: boolean): { bytes: Buffer; before: readonly number[] } {
  if (asks === CLIENT.query) return { bytes: commits ? ROLLBACK : REFUSED, before: [] }
  return commits
    ? { bytes: Buffer.concat([ROLLBACK_EXTENDED, NO_PORTAL]), before: ROLLBACK_STEPS }
    : { bytes: NO_PORTAL, before: [] }
}
