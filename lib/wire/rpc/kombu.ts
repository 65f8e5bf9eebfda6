import type { RpcInput } from './call.ts'
import { closeCutJson } from './cut-json.ts'
import { asName, isObject, parseObject, type Envelope } from './envelope.ts'

/** The content type of what kombu has pickled. */
const PICKLE = 'application/x-python-serialize'

/**
 * The envelope of Mistral's kombu driver. Calls and casts both have the properties reply_to and correlation_id; a reply
 * has its call's correlation_id and the type "response" or "error".
 *
 *     call, cast  {"rpc_ctx": {…}, "rpc_method", "arguments": {NAME: "VALUE"|null}, "async": true for a cast}
 *     response    {"body": "VALUE"|null}
 *     error       a Python pickle, of which nothing is read
 *
 * @returns undefined if the body is none of these.
 */
export function readKombu(text: string, truncated: boolean, { properties }: RpcInput): Envelope | undefined {
  const { type, contentType } = properties
  const correlationId = asName(properties.correlationId)
  if (correlationId !== undefined && (type === 'response' || type === 'error')) {
    const reply = { kind: 'reply', method: '', msgId: correlationId, partial: truncated } as const
    if (type === 'error') {
      return contentType === PICKLE
        ? { ...reply, args: {}, ok: false, failure: 'a pickled exception' }
        : undefined
    }
    if (truncated) return text.startsWith('{"body": ') ? { ...reply, args: {}, ok: true } : undefined
    const result = parseObject(text)?.['body']
    return result === undefined ? undefined : { ...reply, args: { result }, ok: true }
  }
  const request = parseObject(truncated ? (closeCutJson(text) ?? '') : text)
  const method = asName(request?.['rpc_method'])
  if (!request || method === undefined) return undefined
  const args = isObject(request['arguments']) ? request['arguments'] : {}
  if (request['async'] === true) return { kind: 'cast', method, args, partial: truncated }
  const kind = truncated && request['async'] === undefined ? 'request' : 'call'
  return { kind, method, args, msgId: correlationId, replyTo: asName(properties.replyTo), partial: truncated }
}
