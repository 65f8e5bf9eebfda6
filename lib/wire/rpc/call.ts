import type { Arguments } from './arguments.ts'
import type { Envelope } from './envelope.ts'
import { readKombu } from './kombu.ts'
import { idsOf, isJudgedMethod, type CallIds } from './methods.ts'
import { inString, quoteIn } from './nested-json.ts'
import { readOslo } from './oslo.ts'

/** What an AMQP message with a content says, as far as it matters here. */
export interface RpcInput {
  readonly exchange: string
  readonly properties: {
    readonly contentType?: string | undefined
    readonly correlationId?: string | undefined
    readonly replyTo?: string | undefined
    readonly type?: string | undefined
    /** Milliseconds, in digits. */
    readonly expiration?: string | undefined
  }
  readonly body: Buffer
  /** The body is only the head of what passed. */
  readonly truncated: boolean
  /** Of a delivery. */
  readonly redelivered?: boolean | undefined
}

/** A Mistral RPC. */
export interface RpcCall {
  readonly driver: 'oslo' | 'kombu'
  /**
   * `fanout`: a cast to every process that listens. `request`: a call or a cast, it cannot be told which, since the body
   * was cut before what tells.
   */
  readonly kind: 'call' | 'cast' | 'fanout' | 'request' | 'reply'
  /** '' for a reply: its call, which has the same `msgId`, names it. */
  readonly method: string
  /** Of a reply, its `result`. Keeps the body's text in memory for as long as the call is kept. */
  readonly args: Arguments
  /** Empty for a reply. */
  readonly ids: CallIds
  /**
   * The message's identity: a message that is sent again keeps it, and no other message has it. oslo's unique id; under
   * kombu a call's correlation id, `reply` with it for a reply, else method and action; else, for a cast that names no
   * action, its correlation id. undefined if it was cut off.
   */
  readonly identity?: string | undefined
  /** oslo's `_unique_id`. */
  readonly uniqueId?: string | undefined
  /** What a call and its reply have in common: oslo's `_msg_id`, kombu's correlation id. undefined for a cast. */
  readonly msgId?: string | undefined
  /** The queue to which the reply of a call goes. */
  readonly replyTo?: string | undefined
  /** Of a reply: it is no exception. undefined if it only tells that the call goes on. */
  readonly ok?: boolean | undefined
  /** Of a reply that is an exception: one line about it. */
  readonly failure?: string | undefined
  readonly redelivered: boolean
  /** How long a call waits in its queue, which is as long as its caller waits; unknown under kombu. */
  readonly timeoutMs?: number | undefined
  /** Only the head of the body was kept, and it does not say everything: what is missing here may be in the message. */
  readonly partial: boolean
}

const EXCLAMATION_MARK = 33
const OPENING_BRACE = 123
const LAST_ASCII = 127

/**
 * Whether a body can be an RPC's, by as little of it as its first byte: most of what is none need not be kept or read.
 * Only a pickled exception is known by its properties alone.
 */
export function canBeCall({ body, properties }: Pick<RpcInput, 'body' | 'properties'>): boolean {
  if (properties.type === 'error') return true
  const first = body[0]
  if (first === undefined) return false
  // Space, also such as is not of one byte, may come before the brace.
  return first === OPENING_BRACE || first < EXCLAMATION_MARK || first > LAST_ASCII
}

/** Of a longer body only the head is read, as if the rest had not been kept. */
const LONGEST_BODY = 1024 * 1024

/**
 * The Mistral RPC that a message is, whatever its method, or undefined if it is none.
 *
 * Of a body that was cut it takes what its head says completely: a context that is cut is not missed; of arguments that
 * are cut the first ones and the method; of a reply under kombu, whose properties tell, that there is one. Nothing is
 * evaluated, and what is not JSON is not read.
 */
export function decodeCall(input: RpcInput): RpcCall | undefined {
  if (!canBeCall(input)) return undefined
  const head = headOf(input.body)
  const early = head === undefined ? undefined : readOslo(head, false)
  if (early) return callOf('oslo', early, input)
  const truncated = input.truncated || input.body.length > LONGEST_BODY
  const text = input.body.toString('utf8', 0, Math.min(input.body.length, LONGEST_BODY))
  const oslo = readOslo(text, truncated)
  if (oslo) return callOf('oslo', oslo, input)
  const kombu = readKombu(text, truncated, input)
  return kombu && callOf('kombu', kombu, input)
}

/** With it begins what follows all that is wanted of a message of oslo.messaging's, and is a third of most. */
const CONTEXT = Buffer.from('_context_')
/** A name that begins so ends within so many bytes. */
const LONGEST_CONTEXT_NAME = 64

function headOf(body: Buffer): string | undefined {
  const end = body.indexOf(CONTEXT)
  return end < 0 || end > LONGEST_BODY ? undefined : body.toString('utf8', 0, end + LONGEST_CONTEXT_NAME)
}

function callOf(driver: RpcCall['driver'], envelope: Envelope, input: RpcInput): RpcCall {
  const { method, args, uniqueId, msgId, replyTo, ok, failure, partial } = envelope
  const ids = envelope.kind === 'reply' ? {} : idsOf(method, args)
  const kind = envelope.kind === 'cast' && input.exchange.endsWith('_fanout') ? 'fanout' : envelope.kind
  const identity = driver === 'oslo' ? uniqueId : kombuIdentity(envelope, ids, input)
  const timeoutMs = timeoutOf(input)
  const redelivered = input.redelivered === true
  return {
    driver,
    kind,
    method,
    args,
    ids,
    identity,
    uniqueId,
    msgId,
    replyTo,
    ok,
    failure,
    redelivered,
    timeoutMs,
    partial,
  }
}

function kombuIdentity({ kind, method }: Envelope, { action }: CallIds, input: RpcInput): string | undefined {
  const { correlationId } = input.properties
  if (kind === 'reply') return `reply ${correlationId}`
  return kind === 'cast' && action !== undefined ? `${method} ${action}` : correlationId
}

function timeoutOf({ properties: { expiration } }: RpcInput): number | undefined {
  return expiration !== undefined && /^\d{1,15}$/.test(expiration) ? Number(expiration) : undefined
}

/**
 * Whether the ledger judges a call: it is of a method that is judged, goes to one process, and names somebody (the action
 * of a `run_action` that names none was started by itself, and belongs to no execution). A reply is judged as its call
 * is, which it does not name: ask about the call.
 */
export function isJudged({ kind, method, ids, partial }: RpcCall): boolean {
  if (kind === 'fanout' || kind === 'reply') return false
  return isJudgedMethod(method) && (partial || Object.keys(ids).length > 0)
}

/** How most results end, as Mistral writes them: they say so without being read. */
function isSuccess(slashes: number): string {
  const data = quoteIn(inString(inString(slashes)))
  return `, ${data}error${data}: null, ${data}cancel${data}: false}${quoteIn(inString(slashes))}}${quoteIn(slashes)}`
}

/**
 * What an `on_action_complete` says has become of its action; undefined for what is none, or was cut. A sub-workflow
 * that succeeds sends no result, since it is in the database.
 */
export function outcomeOf({ method, args }: RpcCall): 'success' | 'error' | 'cancelled' | undefined {
  if (method !== 'on_action_complete') return undefined
  if (args.endsAs('result', isSuccess)) return 'success'
  const result = args.object('result')?.objectIn('__serial_data')
  if (!result) return args.get('result') === null && args.get('wf_action') === true ? 'success' : undefined
  if (!result.whole) return undefined
  if (result.value('cancel') === true) return 'cancelled'
  return (result.value('error') ?? null) === null ? 'success' : 'error'
}
