import { EventEmitter } from 'node:events'
import { parse, serialize } from 'pg-protocol'
import { PostgresDecoder, type DecoderOptions } from './decoder.ts'
import type { PostgresMessage, Side } from './messages.ts'
import { TransactionFollower, type TransactionEvent } from './transactions.ts'

/** One piece of a conversation: what one side sends. */
export interface Step {
  side: Side
  bytes: Buffer
}

export const frontend = (...bytes: Buffer[]): Step => ({ side: 'frontend', bytes: Buffer.concat(bytes) })
export const backend = (...bytes: Buffer[]): Step => ({ side: 'backend', bytes: Buffer.concat(bytes) })

/** What a client sends, from the bytes that node-postgres makes. */
export const client = {
  ...serialize,
  gssencRequest: (): Buffer => int32s(8, 80_877_104),
  parse: (text: string, name = ''): Buffer => serialize.parse({ text, name }),
  bind: (values: unknown[], names: { statement?: string; portal?: string } = {}): Buffer =>
    serialize.bind({ ...names, values }),
  execute: (portal = '', rows = 0): Buffer => serialize.execute({ portal, rows }),
  functionCall: (): Buffer => message('F', int32s(1), int16s(0, 0, 0)),
}

/** What a server sends, typed by hand from the manual. */
export const server = {
  authentication: (code: number, ...rest: Buffer[]): Buffer => message('R', int32s(code), ...rest),
  parameterStatus: (name: string, value: string): Buffer => message('S', text(name), text(value)),
  keyData: (processId = 4711): Buffer => message('K', int32s(processId, 1)),
  ready: (status: string): Buffer => message('Z', Buffer.from(status)),
  complete: (tag: string): Buffer => message('C', text(tag)),
  row: (...values: (string | null)[]): Buffer => message('D', int16s(values.length), ...values.map(value)),
  rowDescription: (...names: string[]): Buffer =>
    message('T', int16s(names.length), ...names.map((name) => Buffer.concat([text(name), COLUMN]))),
  error: (code: string, severity = 'ERROR', type = 'E'): Buffer =>
    message(type, field('S', 'FEHLER'), field('V', severity), field('C', code), field('M', 'why'), NUL),
  notification: (): Buffer => message('A', int32s(4711), text('channel'), text('payload')),
  copyIn: (): Buffer => message('G', Buffer.of(0), int16s(1, 0)),
  copyOut: (): Buffer => message('H', Buffer.of(0), int16s(1, 0)),
  copyData: (bytes: string): Buffer => message('d', Buffer.from(bytes)),
  copyDone: (): Buffer => message('c'),
  parameterDescription: (): Buffer => message('t', int16s(1), int32s(25)),
  /** Some that have no body, one for each character. */
  bare: (types: string): Buffer => Buffer.concat(types.split('').map((type) => message(type))),
}

const NUL = Buffer.alloc(1)
const COLUMN = Buffer.alloc(18)

/** A message from its parts, with its length. */
export const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32s(4 + body.length), body])
}

export function int32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, one] of values.entries()) bytes.writeInt32BE(one, 4 * index)
  return bytes
}

function int16s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, one] of values.entries()) bytes.writeInt16BE(one, 2 * index)
  return bytes
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)
const field = (letter: string, value: string): Buffer => text(letter + value)
const value = (one: string | null): Buffer =>
  one === null ? int32s(-1) : Buffer.concat([int32s(Buffer.byteLength(one)), Buffer.from(one)])

/** From the first byte until the server is ready. */
export const startup = (): Step[] => [
  frontend(client.startup({ user: 'mistral', database: 'cw' })),
  backend(
    server.authentication(0),
    server.parameterStatus('server_version', '15.14'),
    server.keyData(),
    server.ready('I'),
  ),
]

/** A simple query and its answer. */
export const query = (sql: string, tags: string[], status: string): Step[] => [
  frontend(client.query(sql)),
  backend(...tags.map((tag) => server.complete(tag)), server.ready(status)),
]

/** One statement of the extended protocol, up to its Sync, and its answer. */
export const extended = (sql: string, values: unknown[], tag: string, status: string): Step[] => [
  frontend(client.parse(sql), client.bind(values), client.execute(), client.sync()),
  backend(server.bare('1'), server.bare('2'), server.complete(tag), server.ready(status)),
]

export interface Decoded {
  messages: PostgresMessage[]
  /** Side and reason, once at most. */
  opaque: string[]
}

/** What a decoder makes of a conversation. */
export function decode(steps: Step[], options: Partial<DecoderOptions> = {}): Decoded {
  const decoded: Decoded = { messages: [], opaque: [] }
  const decoder = new PostgresDecoder({
    onMessage: (seen) => decoded.messages.push(seen),
    onOpaque: (side, reason) => decoded.opaque.push(`${side}: ${reason}`),
    ...options,
  })
  for (const { side, bytes } of steps) decoder[side](bytes)
  return decoded
}

export const typesOf = ({ messages }: Decoded, side?: Side): string[] =>
  messages.filter((seen) => side === undefined || seen.side === side).map(({ type }) => type)

/**
 * What a follower says of a conversation, and of its end if it `ends`.
 * @param handedOn So much of what the client sent was, by then.
 */
export function follow(steps: Step[], ends = true, handedOn = Infinity): TransactionEvent[] {
  const events: TransactionEvent[] = []
  const follower = new TransactionFollower((event) => events.push(event))
  const { messages, opaque } = decode(steps)
  if (opaque.length > 0) throw new Error(opaque[0])
  for (const seen of messages) follower.see(seen)
  if (ends) follower.ended(handedOn)
  return events
}

/** What node-postgres reads from a server's bytes: the name and the length of each message. */
export function theirs(bytes: Buffer): Record<string, unknown>[] {
  const stream = new EventEmitter()
  const messages: Record<string, unknown>[] = []
  void parse(stream as unknown as NodeJS.ReadableStream, (seen) => {
    messages.push(seen as unknown as Record<string, unknown>)
  })
  stream.emit('data', bytes)
  return messages
}
