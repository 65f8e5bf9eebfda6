import { Arguments } from './arguments.ts'
import { asName, isObject, type Envelope } from './envelope.ts'
import { parseJson, readMembers, type Members } from './nested-json.ts'
import { redactText } from './redact.ts'

/**
 * The envelope of oslo.messaging 2.0, JSON in a string of JSON, and each argument JSON in a string of that. It writes the
 * keys in this order, and the context last:
 *
 *     body     {"oslo.version": "2.0", "oslo.message": "MESSAGE"}
 *     call     {"method", "args": {NAME: "VALUE"|null}, "_msg_id", "_reply_q", "_timeout", "_unique_id", "_context_…"…}
 *     cast     {"method", "args": {NAME: "VALUE"|null}, "_unique_id", "_context_…"…}
 *     reply    {"result": "VALUE"|null, "failure": null|"FAILURE", "ending", "_msg_id" of the call, "_unique_id"}
 *     FAILURE  {"class", "module", "message", "tb", "args", "kwargs"}
 */
const BEGIN = /^\s*\{\s*"oslo\.version"\s*:\s*"2\.\d+"\s*,\s*"oslo\.message"\s*:\s*"(?=\{)/

/** Backslashes before a quote of the message, which is in a string. */
const SLASHES = 1

/**
 * @param truncated the text is only the head of a body.
 * @returns undefined if this is none of oslo.messaging's RPC: its notifications are none.
 */
export function readOslo(text: string, truncated: boolean): Envelope | undefined {
  const begin = BEGIN.exec(text)?.[0].length
  if (begin === undefined) return undefined
  const head = readMembers(text, begin, SLASHES, { inner: 'args', until: '_context_' })
  // Another order than oslo.messaging's is read to the end.
  const message = head.get('_unique_id') ? head : readMembers(text, begin, SLASHES, { inner: 'args' })
  if (!message.whole && !truncated) return undefined
  return message.get('method') ? readRequest(message) : readReply(message)
}

function readRequest(message: Members): Envelope | undefined {
  const method = asName(message.value('method'))
  if (method === undefined) return undefined
  const args = new Arguments(message.inner)
  const uniqueId = asName(message.value('_unique_id'))
  if (uniqueId === undefined && !message.whole) return { kind: 'request', method, args, partial: true }
  const msgId = asName(message.value('_msg_id'))
  if (msgId === undefined) return { kind: 'cast', method, args, uniqueId, partial: false }
  const replyTo = asName(message.value('_reply_q'))
  return { kind: 'call', method, args, uniqueId, msgId, replyTo, partial: false }
}

function readReply(message: Members): Envelope | undefined {
  const result = message.get('result')
  const failure = message.value('failure')
  const msgId = asName(message.value('_msg_id'))
  if (!result || failure === undefined || msgId === undefined) return undefined
  const uniqueId = asName(message.value('_unique_id'))
  const reply = { kind: 'reply', method: '', uniqueId, msgId, partial: !message.whole } as const
  if (failure !== null) return { ...reply, args: new Arguments(), ok: false, failure: textOf(failure) }
  const ok = message.value('ending') === false ? undefined : true
  return { ...reply, args: Arguments.of('result', result), ok }
}

const LONGEST_FAILURE = 200

/** An exception's class and the first line of what it says. */
function textOf(failure: unknown): string {
  const exception = typeof failure === 'string' ? parseJson(failure) : undefined
  const { class: name, message } = isObject(exception) ? exception : {}
  if (typeof name !== 'string') return 'an exception'
  const said = typeof message === 'string' ? message.slice(0, LONGEST_FAILURE).split('\n', 1)[0] : ''
  return redactText(`${name.slice(0, LONGEST_FAILURE)}: ${said}`)
}
