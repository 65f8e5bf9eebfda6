import { Body, Malformed } from './body.ts'
import { BACKEND, FRONTEND, NO_FIELDS } from './contents.ts'
import { HEAD_BYTES } from './framer.ts'
import type { Content, PostgresMessage, Side } from './messages.ts'

const body = new Body()

/** Decodes a whole message that begins with its type, by itself: one that cannot be read is of an unknown type. */
export function decodeSingle(side: Side, bytes: Buffer, offset: number): PostgresMessage {
  const { type, fields } = contentOf(side, bytes)
  return { type, fields, side, size: bytes.length, offset, bytes, truncated: false } as PostgresMessage
}

function contentOf(side: Side, bytes: Buffer): Content {
  const code = bytes[0] ?? 0
  const unknown: Content = { type: `unknown:${String.fromCharCode(code)}`, fields: NO_FIELDS }
  try {
    const read = (side === 'frontend' ? FRONTEND : BACKEND)[code]
    return read?.(body.reset(bytes, HEAD_BYTES, false)) ?? unknown
  } catch (error) {
    if (error instanceof Malformed) return unknown
    throw error
  }
}
