import { closeCutJson } from './cut-json.ts'
import { asName, isObject, parseJson, parseObject, type Envelope, type JsonObject } from './envelope.ts'
import { redactText } from './redact.ts'

/**
 * The envelope of oslo.messaging 2.0, three layers of JSON:
 *
 *     body     {"oslo.version": "2.0", "oslo.message": "MESSAGE"}
 *     call     {"method", "args": {NAME: "VALUE"|null}, "_msg_id", "_reply_q", "_timeout", "_unique_id", "_context_…"…}
 *     cast     {"method", "args": {NAME: "VALUE"|null}, "_unique_id", "_context_…"…}
 *     reply    {"result": "VALUE"|null, "failure": null|"FAILURE", "ending", "_msg_id" of the call, "_unique_id"}
 *     FAILURE  {"class", "module", "message", "tb", "args", "kwargs"}
 */
const BEGIN = '{"oslo.version": "2.0", "oslo.message": "'

/** Where the context begins, as it stands in a body: in Mistral's messages it is the last and the longest part. */
const CONTEXT = ', \\"_context_'

/** @returns undefined if the body is none of oslo.messaging's RPC: its notifications are none. */
export function readOslo(text: string, truncated: boolean): Envelope | undefined {
  const whole = messageBeforeContext(text) ?? (truncated ? undefined : messageOf(text))
  if (whole) return envelopeOf(whole)
  if (!truncated || !text.startsWith(BEGIN)) return undefined
  const part = messageOfHead(text.slice(BEGIN.length))
  const method = asName(part?.['method'])
  if (!part || method === undefined) return undefined
  return { kind: 'request', method, args: argsOf(part), partial: true }
}

function envelopeOf(message: JsonObject): Envelope | undefined {
  const method = asName(message['method'])
  const uniqueId = asName(message['_unique_id'])
  const msgId = asName(message['_msg_id'])
  if (method !== undefined) {
    const kind = msgId === undefined ? 'cast' : 'call'
    const replyTo = asName(message['_reply_q'])
    return { kind, method, args: argsOf(message), uniqueId, msgId, replyTo, partial: false }
  }
  const { result, failure, ending } = message
  if (msgId === undefined || result === undefined || failure === undefined) return undefined
  const reply = { kind: 'reply', method: '', uniqueId, msgId, partial: false } as const
  if (failure !== null) return { ...reply, args: {}, ok: false, failure: textOf(failure) }
  return { ...reply, args: { result }, ok: ending === false ? undefined : true }
}

const argsOf = ({ args }: JsonObject): JsonObject => (isObject(args) ? args : {})

/** The message in a whole body. */
function messageOf(text: string): JsonObject | undefined {
  const body = parseObject(text)
  const version = body?.['oslo.version']
  const message = body?.['oslo.message']
  if (typeof version !== 'string' || !version.startsWith('2.') || typeof message !== 'string')
    return undefined
  return parseObject(message)
}

/**
 * The message without its context, which halves the time. A quote behind one backslash is one of the message's own, so
 * what is found is a key of it, or of an object in it; the latter is no JSON when it is closed here.
 */
function messageBeforeContext(text: string): JsonObject | undefined {
  const context = text.indexOf(CONTEXT)
  if (context < 0 || !text.startsWith(BEGIN)) return undefined
  const message = messageOf(`${text.slice(0, context)}}"}`)
  const isAll = message?.['_unique_id'] !== undefined && !text.includes('_msg_id', context)
  return isAll ? message : undefined
}

/** Characters of the longest escape that can have been cut: `\u` and three digits. */
const CUT_ESCAPE = 5

/** What can be said of a message whose text, itself the text of a JSON string, was cut. */
function messageOfHead(escaped: string): JsonObject | undefined {
  for (let cut = 0; cut <= CUT_ESCAPE; cut++) {
    const text = parseJson(`"${escaped.slice(0, escaped.length - cut)}"`)
    if (typeof text === 'string') return parseObject(closeCutJson(text) ?? '')
  }
  return undefined
}

const LONGEST_FAILURE = 200

/** An exception's class and the first line of what it says. */
function textOf(failure: unknown): string {
  const { class: name, message } = parseObject(String(failure)) ?? {}
  if (typeof name !== 'string') return 'an exception'
  const said = typeof message === 'string' ? message.slice(0, LONGEST_FAILURE).split('\n', 1)[0] : ''
  return redactText(`${name.slice(0, LONGEST_FAILURE)}: ${said}`)
}
