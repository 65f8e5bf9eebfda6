import { decodeArguments, methodIdOf } from '../../../wire/amqp/decode.ts'
import type { Frame } from '../../../wire/amqp/frame.ts'
import { METHOD_BY_ID } from '../../../wire/amqp/specification.ts'

/** What a message's method says, before its content is looked at; '' and undefined: it has no such thing. */
export interface Head {
  readonly method: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly queue: string | undefined
}

/**
 * What toxics want of a message with some head: `message`: to be shown it; texts: only if its body has one of them;
 * undefined: nothing.
 */
export type Interest = 'message' | readonly Buffer[] | undefined

/** What both together want. */
export function either(one: Interest, other: Interest): Interest {
  if (one === undefined) return other
  if (other === undefined) return one
  return one === 'message' || other === 'message' ? 'message' : [...one, ...other]
}

/** The head of a frame with a method; its arguments are decoded when one is asked for. */
export class FrameHead implements Head {
  readonly method: string
  readonly #frame: Frame
  readonly #queueOf: (channel: number, consumerTag: string) => string | undefined
  #known: AddressFields | undefined

  /** @param queueOf A consumer's queue. */
  constructor(
    method: string,
    frame: Frame,
    queueOf: (channel: number, consumerTag: string) => string | undefined,
  ) {
    this.method = method
    this.#frame = frame
    this.#queueOf = queueOf
  }

  get exchange(): string {
    return this.#fields.exchange ?? ''
  }

  get routingKey(): string {
    return this.#fields.routingKey ?? ''
  }

  get redelivered(): boolean {
    return this.#fields.redelivered ?? false
  }

  get queue(): string | undefined {
    const { consumerTag } = this.#fields
    return consumerTag === undefined ? undefined : this.#queueOf(this.#frame.channel, consumerTag)
  }

  get #fields(): AddressFields {
    return (this.#known ??= fieldsOf(this.#frame))
  }
}

/** Which of them there are depends on the method. */
type AddressFields = Partial<Pick<Head, 'exchange' | 'routingKey' | 'redelivered'> & { consumerTag: string }>

function fieldsOf(frame: Frame): AddressFields {
  const id = methodIdOf(frame)
  const method = id === undefined ? undefined : METHOD_BY_ID.get(id)
  try {
    return method ? decodeArguments(method, frame) : {}
  } catch {
    // A malformed method says nothing, and is no message that could be struck.
    return {}
  }
}

/** Whether one of the texts is in what the pieces are together. */
export function hasAny(pieces: readonly Buffer[], texts: readonly Buffer[]): boolean {
  return texts.some((text) => has(pieces, text))
}

function has(pieces: readonly Buffer[], text: Buffer): boolean {
  const most = text.length - 1
  let before: Buffer | undefined
  for (const piece of pieces) {
    if (piece.includes(text)) return true
    // It may also begin in one piece and end in another one.
    if (before && Buffer.concat([before, piece.subarray(0, most)]).includes(text)) return true
    const isLong = before === undefined || piece.length >= most
    const last: Buffer = isLong ? piece : Buffer.concat([before as Buffer, piece])
    before = last.subarray(Math.max(last.length - most, 0))
  }
  return false
}
