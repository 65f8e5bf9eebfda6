import { crc32 } from 'node:zlib'
import type { CallFact } from '../../ledger/wire-entries.ts'
import type { Content } from '../../wire/amqp/message.ts'
import { canBeCall, decodeCall, isJudged, outcomeOf, type RpcInput } from '../../wire/rpc/call.ts'
import { BodyMemory } from './body-memory.ts'

/** Bodies that are remembered, in bytes: many more than are under way between their publish and their delivery. */
const MEMORY_BYTES = 32 * 2 ** 20
/** Longer ones are rare, and decoded as often as they pass. */
const MOST_BYTES = 16 * 1024
/** Of a body so much decides where it is looked for: ids come early. */
const KEY_BYTES = 512

type Properties = RpcInput['properties']

/** All that a call is told by, besides its body, and what it is. */
interface Known extends Required<{ [P in keyof Properties]: Properties[P] }> {
  exchange: string
  call: CallFact | undefined
}

/**
 * Decodes the RPCs that messages are. A message passes twice, from its publisher and to its consumer, in the very same
 * bytes: it is decoded the first time only.
 */
export class Calls {
  readonly #memory = new BodyMemory<Known>(MEMORY_BYTES)

  /** What the journal keeps of the RPC that a message is; undefined if it is none. */
  of(exchange: string, content: Content): CallFact | undefined {
    const { body, properties, truncated } = content
    if (!canBeCall(content)) return undefined
    if (truncated || body.length > MOST_BYTES) return callFactOf(exchange, content)
    const key = crc32(body.length > KEY_BYTES ? body.subarray(0, KEY_BYTES) : body)
    const known = this.#memory.get(key, body)
    if (known && known.exchange === exchange && tellTheSame(known, properties)) return known.call
    const call = callFactOf(exchange, content)
    // Headers may be views, which keep all in memory that arrived with them.
    const { contentType, correlationId, replyTo, type, expiration } = properties
    this.#memory.set(key, body, { exchange, contentType, correlationId, replyTo, type, expiration, call })
    return call
  }
}

const tellTheSame = (a: Properties, b: Properties): boolean =>
  a.contentType === b.contentType &&
  a.correlationId === b.correlationId &&
  a.replyTo === b.replyTo &&
  a.type === b.type &&
  a.expiration === b.expiration

function callFactOf(exchange: string, content: Content): CallFact | undefined {
  const call = decodeCall({ exchange, ...content })
  if (!call) return undefined
  const { driver, kind, method, identity, msgId, replyTo, timeoutMs, ids } = call
  const { workflow, task, action, actions } = ids
  const failed = kind === 'reply' ? call.ok === false : outcomeOf(call) === 'error'
  const fact: CallFact = {
    driver,
    kind,
    method,
    // Without an identity it could not be told from others.
    judged: identity !== undefined && isJudged(call),
    identity: identity ?? '',
  }
  // Spreading what may be missing takes longer than all the rest.
  if (msgId !== undefined) fact.msgId = msgId
  if (replyTo !== undefined) fact.replyTo = replyTo
  if (workflow !== undefined) fact.workflow = workflow
  if (task !== undefined) fact.task = task
  if (action !== undefined) fact.action = action
  if (actions) fact.actions = [...actions]
  if (timeoutMs !== undefined) fact.timeoutMs = timeoutMs
  if (failed) fact.failed = true
  return fact
}
