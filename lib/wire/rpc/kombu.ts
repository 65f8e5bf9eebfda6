import { Arguments } from './arguments.ts'
import type { RpcInput } from './call.ts'
import { asName, type Envelope } from './envelope.ts'
import { readMembers } from './nested-json.ts'

/** What kombu has pickled. */
const PICKLE = 'application/x-python-serialize'

const BODY = '{"body"'

/** A key behind the context, with which a request begins. Quotes without a backslash are none in a string. */
const METHOD = '"rpc_method"'

/**
 * The envelope of Mistral's kombu driver, in this order. Calls and casts both have the properties reply_to and
 * correlation_id; a reply has its call's correlation_id and the type "response" or "error".
 *
 *     call, cast  {"rpc_ctx": {…}, "rpc_method", "arguments": {NAME: "VALUE"|null}, "async": true for a cast}
 *     response    {"body": "VALUE"|null}
 *     error       a Python pickle, of which nothing is read
 *
 * @param truncated the text is only the head of a body.
 * @returns undefined if this is none of these.
 */
export function readKombu(text: string, truncated: boolean, input: RpcInput): Envelope | undefined {
  const { type } = input.properties
  return type === 'response' || type === 'error'
    ? readReply(text, truncated, input)
    : readRequest(text, truncated, input)
}

function readReply(text: string, truncated: boolean, { properties }: RpcInput): Envelope | undefined {
  const msgId = asName(properties.correlationId)
  if (msgId === undefined) return undefined
  const reply = { kind: 'reply', method: '', msgId, partial: truncated } as const
  if (properties.type === 'error') {
    if (properties.contentType !== PICKLE) return undefined
    return { ...reply, args: new Arguments(), ok: false, failure: 'a pickled exception' }
  }
  const body = text.startsWith(BODY) ? readMembers(text, 0, 0) : undefined
  if (!body || (!body.whole && !truncated)) return undefined
  return { ...reply, args: Arguments.of('result', body.get('body')), ok: true }
}

function readRequest(text: string, truncated: boolean, { properties }: RpcInput): Envelope | undefined {
  const key = text.indexOf(METHOD)
  if (key < 0 || !text.startsWith('{')) return undefined
  const rest = readMembers(text, text.lastIndexOf(',', key), 0, { inner: 'arguments' })
  // Another order than Mistral's is read from its beginning.
  const request = rest.inner && rest.get('async') ? rest : readMembers(text, 0, 0, { inner: 'arguments' })
  const method = asName(request.value('rpc_method'))
  if (method === undefined || (!request.whole && !truncated)) return undefined
  const args = new Arguments(request.inner)
  const isAsync = request.value('async')
  if (isAsync === true) return { kind: 'cast', method, args, partial: !request.whole }
  const kind = isAsync === undefined && !request.whole ? 'request' : 'call'
  const [msgId, replyTo] = [asName(properties.correlationId), asName(properties.replyTo)]
  return { kind, method, args, msgId, replyTo, partial: !request.whole }
}
