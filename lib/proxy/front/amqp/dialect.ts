import type { AmqpUnit, Unit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { encodeMethod } from '../../../wire/amqp/encode.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import type { Cuts, Dialect } from '../dialect.ts'
import { Channels } from './channels.ts'
import { Cutter } from './cutter.ts'
import { FIRST_COPY } from './deliveries.ts'
import { CutUnit } from './unit.ts'

type By<M extends AmqpMessage['method']> = Extract<AmqpMessage, { method: M }>
type Settling = By<'basic.ack' | 'basic.nack' | 'basic.reject'>
type Confirming = By<'basic.ack' | 'basic.nack'>

/** Where a delivery's tag is: behind frame type, channel, size, method and the consumer's tag, which has a length. */
const CONSUMER_TAG_AT = 11

const NOTHING: readonly Buffer[] = []

/** AMQP 0-9-1. Toxics and the tap see a connection as its client numbers it; what the broker counts is kept here. */
export class AmqpDialect implements Dialect {
  readonly protocol = 'amqp'
  readonly channels = new Channels()
  /** A toxic matches what acks and confirms answer. */
  remembers = false
  readonly #cuts: Cuts
  readonly #cutters: Record<Stream, Cutter>

  constructor(cuts: Cuts) {
    this.#cuts = cuts
    this.#cutters = { upstream: this.#cutter('upstream'), downstream: this.#cutter('downstream') }
  }

  get opaque(): string | undefined {
    return this.#cutters.upstream.opaque ?? this.#cutters.downstream.opaque
  }

  get canFollow(): boolean {
    const { upstream, downstream } = this.#cutters
    return upstream.isClear && downstream.isClear && !this.channels.diverged
  }

  begin(): void {
    this.#cutters.upstream.begin()
    this.#cutters.downstream.begin()
  }

  follow(stream: Stream, bytes: Buffer): void {
    this.#cutters[stream].rest()
    this.#cutters[stream].push(bytes)
  }

  cut(stream: Stream, bytes: Buffer): void {
    this.#cutters[stream].push(bytes)
  }

  rest(stream: Stream): Buffer {
    return this.#cutters[stream].take()
  }

  leaving(stream: Stream, bytes: Buffer, unit: Unit): readonly Buffer[] {
    if (!(unit instanceof CutUnit)) return [bytes]
    const { message } = unit
    const channel = this.channels.of(message.channel)
    if (stream === 'upstream') {
      if (isSettling(message)) return this.#settles(bytes, unit, message)
      if (message.method === 'basic.publish') channel.confirms?.sent(unit.number)
    } else if (message.method === 'basic.deliver') {
      if (unit.until === undefined) return [withTag(bytes, channel.deliveries.copied())]
      const tag = Number(message.fields.deliveryTag)
      if (!channel.unsettling.has(message.fields.consumerTag)) channel.deliveries.delivered(tag)
      if (this.remembers) channel.delivered.set(tag, unit)
    }
    return [bytes]
  }

  withheld(stream: Stream, unit: Unit): void {
    if (!(unit instanceof CutUnit)) return
    const { message } = unit
    const { deliveries, unsettling } = this.channels.of(message.channel)
    if (stream === 'upstream' && isSettling(message))
      unit.covers = deliveries.settledUnheard(...settledBy(message))
    if (message.method === 'basic.deliver' && !unsettling.has(message.fields.consumerTag))
      deliveries.withheld(Number(message.fields.deliveryTag))
  }

  /**
   * What tells the sender of a message that it has arrived (or, `nack`, that it could not be taken), for the other stream;
   * undefined if nobody waits for that.
   */
  answer({ message, number }: AmqpUnit, how: 'ok' | 'nack'): Buffer | undefined {
    const { channel } = message
    if (message.method === 'basic.publish' && number > 0) {
      const tag = { deliveryTag: number, multiple: false }
      return how === 'ok'
        ? encodeMethod(channel, 'basic.ack', tag)
        : encodeMethod(channel, 'basic.nack', { ...tag, requeue: false })
    }
    if (message.method !== 'basic.deliver') return undefined
    const { deliveryTag, consumerTag } = message.fields
    const { deliveries, unsettling } = this.channels.of(channel)
    if (unsettling.has(consumerTag)) return undefined
    deliveries.answered(Number(deliveryTag))
    return how === 'ok'
      ? encodeMethod(channel, 'basic.ack', { deliveryTag, multiple: false })
      : encodeMethod(channel, 'basic.reject', { deliveryTag, requeue: false })
  }

  #cutter(stream: Stream): Cutter {
    return new Cutter({
      passed: (frame) => this.channels.passed(stream, frame),
      message: (bytes, message) => this.#arrived(stream, bytes, message),
      piece: (bytes, piece) => this.#cuts.piece(stream, bytes, piece),
    })
  }

  #arrived(stream: Stream, bytes: Buffer, message: AmqpMessage): void {
    const { channel } = message
    const state = this.channels.of(channel)
    if (stream === 'downstream' && isConfirming(message)) return this.#confirmed(bytes, message)
    if (stream === 'upstream' && isSettling(message)) {
      const answers = this.#answered(state.delivered, ...settledBy(message))
      return this.#give(stream, bytes, message, { answers })
    }
    if (message.method === 'basic.publish') {
      const number = state.confirms?.published() ?? 0
      return this.#give(stream, bytes, message, { number, remembered: state.published })
    }
    if (message.method === 'basic.deliver') {
      const queue = this.channels.queueOf(channel, message.fields.consumerTag)
      return this.#give(stream, bytes, message, { queue })
    }
    if (message.method !== 'basic.return') this.channels.seen(stream, message)
    this.#give(stream, bytes, message, {})
  }

  /** A confirm, in the client's numbers. */
  #confirmed(bytes: Buffer, message: Confirming): void {
    const { channel, fields } = message
    const { confirms, published } = this.channels.of(channel)
    const tag = Number(fields.deliveryTag)
    const numbers = confirms?.confirmed(tag, fields.multiple) ?? [tag]
    if (!confirms?.diverged) {
      const answers = numbers.flatMap((number) => this.#answered(published, number, false))
      return this.#give('downstream', bytes, message, { answers })
    }
    for (const deliveryTag of numbers) {
      const told = { ...fields, deliveryTag, multiple: false }
      const encoded = encodeMethod(channel, message.method, told as never)
      const translated = { ...message, fields: told, size: encoded.length } as AmqpMessage
      this.#give('downstream', encoded, translated, {
        answers: this.#answered(published, deliveryTag, false),
      })
    }
  }

  #answered(known: Map<number, AmqpUnit>, tag: number, multiple: boolean): AmqpUnit[] {
    if (known.size === 0) return []
    const tags = multiple ? [...known.keys()].filter((one) => tag === 0 || one <= tag) : [tag]
    return tags.flatMap((one) => {
      const unit = known.get(one)
      known.delete(one)
      return unit ?? []
    })
  }

  #give(
    stream: Stream,
    bytes: Buffer,
    message: AmqpMessage,
    facts: {
      number?: number
      queue?: string | undefined
      answers?: AmqpUnit[]
      remembered?: Map<number, AmqpUnit>
    },
  ): void {
    const { number = 0, queue, answers = [], remembered } = facts
    this.#cuts.unit(stream, bytes, (until) => {
      const unit = new CutUnit({ message, until, number, queue, answers })
      if (this.remembers && number > 0) remembered?.set(number, unit)
      return unit
    })
  }

  /** What the client settles, in the broker's terms. */
  #settles(bytes: Buffer, unit: CutUnit, message: Settling): readonly Buffer[] {
    const { deliveries } = this.channels.of(message.channel)
    if (unit.until === undefined) return Number(message.fields.deliveryTag) < FIRST_COPY ? [bytes] : NOTHING
    const { covers } = unit
    if (covers) deliveries.heard(covers)
    const tags = covers ?? deliveries.settled(...settledBy(message))
    return tags?.map((deliveryTag) => settling(message, deliveryTag)) ?? [bytes]
  }
}

const isConfirming = (message: AmqpMessage): message is Confirming =>
  message.method === 'basic.ack' || message.method === 'basic.nack'

const isSettling = (message: AmqpMessage): message is Settling =>
  isConfirming(message) || message.method === 'basic.reject'

function settledBy(message: Settling): [tag: number, multiple: boolean] {
  const multiple = message.method !== 'basic.reject' && message.fields.multiple
  return [Number(message.fields.deliveryTag), multiple]
}

function settling(message: Settling, deliveryTag: number): Buffer {
  const { channel } = message
  switch (message.method) {
    case 'basic.ack':
      return encodeMethod(channel, 'basic.ack', { deliveryTag, multiple: false })
    case 'basic.nack':
      return encodeMethod(channel, 'basic.nack', { ...message.fields, deliveryTag, multiple: false })
    case 'basic.reject':
      return encodeMethod(channel, 'basic.reject', { ...message.fields, deliveryTag })
  }
}

/** A delivery under another tag. */
function withTag(bytes: Buffer, tag: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeBigUInt64BE(BigInt(tag), CONSUMER_TAG_AT + 1 + (copy[CONSUMER_TAG_AT] ?? 0))
  return copy
}
