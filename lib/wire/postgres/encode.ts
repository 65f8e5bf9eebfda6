import { HEAD_BYTES } from './framer.ts'
import type { TransactionStatus } from './messages.ts'

/** A message from its type's character and its body. */
function message(type: string, body: string): Buffer {
  const text = Buffer.from(body)
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + text.length)
  bytes.write(type, 'latin1')
  bytes.writeInt32BE(HEAD_BYTES - type.length + text.length, type.length)
  text.copy(bytes, HEAD_BYTES)
  return bytes
}

/** A text field, in UTF-8. It ends at the NUL, so that one inside it would end it too early. */
const string = (text: string): string => `${text.replaceAll('\0', '\uFFFD')}\0`

/**
 * An error as a server reports it. After one with severity ERROR the client waits for a ReadyForQuery; after FATAL or
 * PANIC for the end of the connection.
 *
 * @throws {RangeError} when `code` is not an SQLSTATE: five digits and upper-case letters.
 */
export function errorResponse(error: {
  severity: 'ERROR' | 'FATAL' | 'PANIC'
  code: string
  message: string
}): Buffer {
  if (!/^[0-9A-Z]{5}$/.test(error.code)) throw new RangeError(`no SQLSTATE: ${error.code}`)
  const fields = { S: error.severity, V: error.severity, C: error.code, M: error.message }
  const body = Object.entries(fields).map(([letter, value]) => letter + string(value))
  return message('E', `${body.join('')}\0`)
}

/** The server awaits the next query, in the transaction status given. */
export const readyForQuery = (status: TransactionStatus): Buffer => message('Z', status)

/** A simple query. */
export const query = (text: string): Buffer => message('Q', string(text))
