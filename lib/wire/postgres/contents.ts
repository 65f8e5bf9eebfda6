import { Malformed, type Body } from './body.ts'
import type { Content, Fields, NoFields, Notice, TransactionStatus } from './messages.ts'

/** Reads the body of one message type. */
type Read = (body: Body) => Content

export const NO_FIELDS: NoFields = Object.freeze({})

type Without<T> = { [Type in keyof Fields]: Fields[Type] extends T ? Type : never }[keyof Fields]

/** A message of whose body nobody needs anything. */
const bare = (type: Without<NoFields>): Read => {
  const content = { type, fields: NO_FIELDS } as Content
  return () => content
}

/** A message that has no body. */
const bodiless = (type: Without<NoFields>): Read => {
  const content = { type, fields: NO_FIELDS } as Content
  return (body) => {
    body.end()
    return content
  }
}

const named = (type: 'Describe' | 'Close'): Read => {
  return (body) => {
    const kind = String.fromCharCode(body.byte())
    if (kind !== 'S' && kind !== 'P') throw new Malformed(`${type} of a ${JSON.stringify(kind)}`)
    const name = body.string()
    body.end()
    return { type, fields: { target: kind === 'S' ? 'statement' : 'portal', name } }
  }
}

function bind(body: Body): Content {
  const portal = body.string()
  const statement = body.string()
  body.skip(body.count() * FORMAT_BYTES)
  const count = body.count()
  const parameters: (Buffer | null)[] = []
  while (parameters.length < count && !body.atEnd) parameters.push(body.value())
  body.skip(body.count() * FORMAT_BYTES)
  body.end()
  return { type: 'Bind', fields: { portal, statement, parameters } }
}

const FORMAT_BYTES = 2

/** The letters of the manual, "Error and Notice Message Fields". V is S, never translated, and follows it. */
const NOTICE_FIELDS: Record<string, keyof Notice> = {
  S: 'severity',
  V: 'severity',
  C: 'code',
  M: 'message',
  D: 'detail',
  H: 'hint',
  t: 'table',
  n: 'constraint',
}

const notice = (type: 'ErrorResponse' | 'NoticeResponse'): Read => {
  return (body) => {
    const fields: Notice = { severity: '', code: '', message: '' }
    while (!body.atEnd) {
      const letter = body.byte()
      if (letter === 0) break
      const value = body.string()
      const field = NOTICE_FIELDS[String.fromCharCode(letter)]
      if (field) fields[field] = value
    }
    body.end()
    return { type, fields }
  }
}

/** By the number in an Authentication message. */
const AUTHENTICATION = new Map<number, Without<NoFields>>([
  [0, 'AuthenticationOk'],
  [2, 'AuthenticationKerberosV5'],
  [3, 'AuthenticationCleartextPassword'],
  [5, 'AuthenticationMD5Password'],
  [6, 'AuthenticationSCMCredential'],
  [7, 'AuthenticationGSS'],
  [8, 'AuthenticationGSSContinue'],
  [9, 'AuthenticationSSPI'],
  [10, 'AuthenticationSASL'],
  [11, 'AuthenticationSASLContinue'],
  [12, 'AuthenticationSASLFinal'],
])

function authentication(body: Body): Content {
  const type = AUTHENTICATION.get(body.int32())
  return type ? ({ type, fields: NO_FIELDS } as Content) : { type: 'unknown:R', fields: NO_FIELDS }
}

function readyForQuery(body: Body): Content {
  const status = String.fromCharCode(body.byte())
  if (!/^[ITE]$/.test(status)) throw new Malformed(`a transaction status ${JSON.stringify(status)}`)
  body.end()
  return { type: 'ReadyForQuery', fields: { status: status as TransactionStatus } }
}

/** A message with one text and nothing else. */
function only<T>(body: Body, content: (text: string) => T): T {
  const text = body.string()
  body.end()
  return content(text)
}

/** What a client sends after its start-up, but `p`, whose meaning depends on what the server has asked for. */
export const FRONTEND = table({
  Q: (body) => only(body, (query) => ({ type: 'Query', fields: { query } })),
  P: (body) => ({ type: 'Parse', fields: { statement: body.string(), query: body.string() } }),
  B: bind,
  D: named('Describe'),
  E: (body) => ({ type: 'Execute', fields: { portal: body.string(), maxRows: body.int32() } }),
  C: named('Close'),
  H: bodiless('Flush'),
  S: bodiless('Sync'),
  F: bare('FunctionCall'),
  d: bare('CopyData'),
  c: bodiless('CopyDone'),
  f: (body) => only(body, (message) => ({ type: 'CopyFail', fields: { message } })),
  X: bodiless('Terminate'),
})

/** What a server sends, but the single byte that answers an SSLRequest or GSSENCRequest. */
export const BACKEND = table({
  R: authentication,
  S: (body) => ({ type: 'ParameterStatus', fields: { name: body.string(), value: body.string() } }),
  K: (body) => ({ type: 'BackendKeyData', fields: { processId: body.int32() } }),
  Z: readyForQuery,
  T: (body) => ({ type: 'RowDescription', fields: { columns: body.count() } }),
  D: (body) => ({ type: 'DataRow', fields: { columns: body.count() } }),
  C: (body) => only(body, (tag) => ({ type: 'CommandComplete', fields: { tag } })),
  I: bodiless('EmptyQueryResponse'),
  E: notice('ErrorResponse'),
  N: notice('NoticeResponse'),
  A: (body) => ({
    type: 'NotificationResponse',
    fields: { processId: body.int32(), channel: body.string() },
  }),
  1: bodiless('ParseComplete'),
  2: bodiless('BindComplete'),
  3: bodiless('CloseComplete'),
  t: bare('ParameterDescription'),
  n: bodiless('NoData'),
  s: bodiless('PortalSuspended'),
  V: bare('FunctionCallResponse'),
  G: bare('CopyInResponse'),
  H: bare('CopyOutResponse'),
  W: bare('CopyBothResponse'),
  d: bare('CopyData'),
  c: bodiless('CopyDone'),
  v: bare('NegotiateProtocolVersion'),
})

/** By the code of the type's character, so that a look-up per message costs nothing. */
function table(reads: Record<string, Read>): readonly (Read | undefined)[] {
  const byCode: (Read | undefined)[] = Array.from({ length: 256 }, () => undefined)
  for (const [character, read] of Object.entries(reads)) byCode[character.charCodeAt(0)] = read
  return byCode
}

const MINOR_BITS = 16

/** A start-up packet behind its length and its code, which was the protocol's version. */
export function startupMessage(version: number, body: Body): Content {
  const parameters: [name: string, value: string][] = []
  for (let name = body.string(); name !== ''; name = body.string()) parameters.push([name, body.string()])
  body.end()
  const protocol = `${version >>> MINOR_BITS}.${version & 0xffff}`
  return { type: 'StartupMessage', fields: { protocol, parameters: Object.fromEntries(parameters) } }
}
