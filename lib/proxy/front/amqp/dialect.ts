import type { AmqpUnit, Unit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { encodeMethod } from '../../../wire/amqp/encode.ts'
import { methodIdOf } from '../../../wire/amqp/decode.ts'
import type { Frame } from '../../../wire/amqp/frame.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import { METHOD_BY_ID } from '../../../wire/amqp/specification.ts'
import type { Cuts, Dialect, Within } from '../dialect.ts'
import { Channels, type Channel, type ConsumerWatch } from './channels.ts'
import { Closings } from './closings.ts'
import { Cutter } from './cutter.ts'
import { FIRST_COPY } from './deliveries.ts'
import { FrameHead, type Interest } from './head.ts'
import {
  isConfirming,
  isSettling,
  settledBy,
  settling,
  settlingOne,
  type Confirming,
  type Settling,
} from './settling.ts'
import { CutUnit } from './unit.ts'

/** Where a delivery's tag is: behind frame type, channel, size, method and the consumer's tag, which has a length. */
const CONSUMER_TAG_AT = 11

type Delivery = Extract<AmqpMessage, { method: 'basic.deliver' }>

const NOTHING: readonly Buffer[] = []

/** Of all others a connection has few. */
const FREQUENT = ['basic.publish', 'basic.deliver', 'basic.ack', 'basic.nack', 'basic.reject']

/** AMQP 0-9-1. Toxics and the tap see a connection as its client numbers it; what the broker counts is kept here. */
export class AmqpDialect implements Dialect {
  readonly protocol = 'amqp'
  readonly channels: Channels
  readonly closings: Closings
  /** A toxic matches what acks and confirms answer. */
  remembers = false
  readonly #cuts: Cuts
  readonly #cutters: Record<Stream, Cutter>

  constructor(cuts: Cuts, watch: ConsumerWatch) {
    this.#cuts = cuts
    this.channels = new Channels(watch)
    this.closings = new Closings((stream, bytes, channel) => cuts.insert(stream, bytes, channel))
    this.#cutters = { upstream: this.#cutter('upstream'), downstream: this.#cutter('downstream') }
  }

  get opaque(): string | undefined {
    return this.#cutters.upstream.opaque ?? this.#cutters.downstream.opaque
  }

  get canFollow(): boolean {
    const { upstream, downstream } = this.#cutters
    return upstream.isClear && downstream.isClear && this.channels.isPlain && this.closings.isEmpty
  }

  begin(): Record<Stream, Within> {
    const { upstream, downstream } = this.#cutters
    return { upstream: upstream.begin(), downstream: downstream.begin() }
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

  drops(stream: Stream, channel: number): boolean {
    return !this.closings.isEmpty && this.closings.drops(stream, channel)
  }

  leaving(stream: Stream, bytes: Buffer, unit: Unit, isLate: boolean): readonly Buffer[] | undefined {
    if (!(unit instanceof CutUnit)) return [bytes]
    if (!this.closings.isEmpty && this.closings.takes(stream, unit.message)) return undefined
    if (isLate && this.#isTooLate(stream, unit)) return undefined
    return stream === 'upstream' ? this.#toBroker(bytes, unit) : this.#toClient(bytes, unit)
  }

  withheld(stream: Stream, unit: Unit): void {
    if (!(unit instanceof CutUnit)) return
    const { message, channel } = unit
    const { deliveries, unsettling } = channel
    if (stream === 'upstream' && isSettling(message))
      unit.covers = deliveries.settledUnheard(...settledBy(message))
    if (message.method === 'basic.deliver' && !unsettling.has(message.fields.consumerTag))
      deliveries.withheld(Number(message.fields.deliveryTag))
  }

  /**
   * What tells the sender of a message that it has arrived (or that it could not be taken: `nack`; `requeue`: and is to be
   * delivered again), for the other stream; undefined if nobody waits for that.
   */
  answer({ message, number }: AmqpUnit, how: 'ok' | 'nack' | 'requeue'): Buffer | undefined {
    const { channel } = message
    if (message.method === 'basic.publish' && number > 0) {
      const tag = { deliveryTag: number, multiple: false }
      return how === 'ok'
        ? encodeMethod(channel, 'basic.ack', tag)
        : encodeMethod(channel, 'basic.nack', { ...tag, requeue: false })
    }
    return message.method === 'basic.deliver'
      ? this.#answerDelivery(message, this.channels.of(channel), how)
      : undefined
  }

  #answerDelivery(
    { channel, fields: { deliveryTag, consumerTag } }: Delivery,
    { deliveries, unsettling }: Channel,
    how: 'ok' | 'nack' | 'requeue',
  ): Buffer | undefined {
    if (unsettling.has(consumerTag)) return undefined
    deliveries.answered(Number(deliveryTag))
    return how === 'ok'
      ? encodeMethod(channel, 'basic.ack', { deliveryTag, multiple: false })
      : encodeMethod(channel, 'basic.reject', { deliveryTag, requeue: how === 'requeue' })
  }

  #cutter(stream: Stream): Cutter {
    return new Cutter({
      passed: (frame) => this.channels.passed(stream, frame),
      message: (bytes, message) => this.#arrived(stream, bytes, message),
      piece: (bytes, piece) => this.#cuts.piece(stream, bytes, piece),
      interest: (method) => this.#interest(stream, method),
      tooLong: (method) => this.#cuts.tooLong(stream, this.#headOf(method)),
    })
  }

  /** What is wanted of a message: by toxics, or since both sides do not count alike. */
  #interest(stream: Stream, frame: Frame): Interest {
    const head = this.#headOf(frame)
    if (this.remembers || !FREQUENT.includes(head.method) || !this.closings.isEmpty) return 'message'
    if (!this.channels.of(frame.channel).isPlain) return 'message'
    return this.#cuts.interest(stream, head)
  }

  #headOf(frame: Frame): FrameHead {
    return new FrameHead(METHOD_BY_ID.get(methodIdOf(frame) ?? 0)?.name ?? '', frame, this.#queueOf)
  }

  readonly #queueOf = (channel: number, consumerTag: string): string | undefined =>
    this.channels.queueOf(channel, consumerTag)

  #arrived(stream: Stream, bytes: Buffer, message: AmqpMessage): void {
    const { channel } = message
    const state = this.channels.of(channel)
    if (stream === 'downstream' && isConfirming(message)) return this.#confirmed(bytes, message, state)
    if (stream === 'upstream' && isSettling(message)) return this.#settled(bytes, message, state)
    if (message.method === 'basic.publish') {
      const number = state.confirms?.published() ?? 0
      return this.#give(stream, bytes, message, { channel: state, number, remembered: state.published })
    }
    if (message.method === 'basic.deliver') {
      const queue = this.channels.queueOf(channel, message.fields.consumerTag)
      return this.#give(stream, bytes, message, { channel: state, queue })
    }
    if (message.method !== 'basic.return') this.channels.seen(stream, message)
    this.#give(stream, bytes, message, { channel: state })
  }

  /** A confirm, in the client's numbers; where a toxic asks what it answers, one by one. */
  #confirmed(bytes: Buffer, message: Confirming, channel: Channel): void {
    const { confirms, published } = channel
    const [tag, multiple] = settledBy(message)
    const numbers = confirms?.confirmed(tag, multiple) ?? [tag]
    const isApart = multiple && this.remembers && numbers.length > 0
    if (!confirms || !(confirms.diverged || isApart)) {
      const answers = numbers.flatMap((number) => this.#answered(published, number))
      return this.#give('downstream', bytes, message, { channel, answers })
    }
    for (const number of numbers) {
      const one = settlingOne(message, number)
      const answers = this.#answered(published, number)
      this.#give('downstream', one.bytes, one.message, { channel, answers })
    }
  }

  /** What a consumer answers; where a toxic asks for it, one by one. */
  #settled(bytes: Buffer, message: Settling, channel: Channel): void {
    const { deliveries, delivered } = channel
    const [tag, multiple] = settledBy(message)
    const tags = multiple && this.remembers ? deliveries.covered(tag, multiple) : []
    if (tags.length === 0)
      return this.#give('upstream', bytes, message, { channel, answers: this.#answered(delivered, tag) })
    for (const number of tag < FIRST_COPY ? tags : [...tags, tag]) {
      const one = settlingOne(message, number)
      const answers = this.#answered(delivered, number)
      this.#give('upstream', one.bytes, one.message, { channel, answers })
    }
  }

  #answered(known: Map<number, AmqpUnit>, tag: number): AmqpUnit[] {
    const unit = known.get(tag)
    known.delete(tag)
    return unit ? [unit] : []
  }

  #give(stream: Stream, bytes: Buffer, message: AmqpMessage, facts: Facts): void {
    const { channel, number = 0, queue, answers = [], remembered } = facts
    this.#cuts.unit(stream, bytes, (until) => {
      const unit = new CutUnit({ message, channel, until, number, queue, answers })
      if (this.remembers && number > 0) remembered?.set(number, unit)
      return unit
    })
  }

  /** Kept until its channel, or its consumer, had ended. */
  #isTooLate(stream: Stream, { message, channel }: CutUnit): boolean {
    if (channel.over[stream] || channel !== this.channels.of(message.channel)) return true
    if (message.method !== 'basic.deliver' || !channel.cancelled.has(message.fields.consumerTag)) return false
    const back = this.#answerDelivery(message, channel, 'requeue')
    if (back) this.#cuts.insert('upstream', back, message.channel)
    return true
  }

  #toClient(bytes: Buffer, unit: CutUnit): readonly Buffer[] | undefined {
    const { message, channel, until } = unit
    switch (message.method) {
      case 'basic.deliver': {
        const tag = Number(message.fields.deliveryTag)
        const settles = !channel.unsettling.has(message.fields.consumerTag)
        if (until === undefined) return [withTag(bytes, settles ? channel.deliveries.copied() : FIRST_COPY)]
        // What needs no answer would be remembered for good.
        if (!settles) return [bytes]
        channel.deliveries.delivered(tag)
        if (this.remembers) channel.delivered.set(tag, unit)
        return [bytes]
      }
      case 'basic.cancel-ok':
      case 'basic.cancel': {
        const { consumerTag } = message.fields
        channel.cancelled.add(consumerTag)
        return channel.cancelling.delete(consumerTag) ? this.#cancels(message.channel, consumerTag) : [bytes]
      }
      default:
        return [bytes]
    }
  }

  /** The broker knows that a consumer has ended that was ended in its name: now the client is told so. */
  #cancels(channel: number, consumerTag: string): undefined {
    this.channels.ended(channel, consumerTag)
    const told = encodeMethod(channel, 'basic.cancel', { consumerTag, nowait: true })
    this.#cuts.insert('downstream', told, channel)
  }

  #toBroker(bytes: Buffer, unit: CutUnit): readonly Buffer[] {
    const { message, channel, number } = unit
    if (isSettling(message)) return this.#settles(bytes, unit, message)
    if (message.method === 'basic.publish') channel.confirms?.sent(number)
    if (message.method === 'basic.cancel' && message.fields.nowait)
      channel.cancelled.add(message.fields.consumerTag)
    return [bytes]
  }

  /** What the client settles, in the broker's terms. */
  #settles(bytes: Buffer, unit: CutUnit, message: Settling): readonly Buffer[] {
    const { deliveries } = unit.channel
    if (unit.until === undefined) return Number(message.fields.deliveryTag) < FIRST_COPY ? [bytes] : NOTHING
    const { covers } = unit
    if (covers) deliveries.heard(covers)
    const tags = covers ?? deliveries.settled(...settledBy(message))
    return tags?.map((deliveryTag) => settling(message, deliveryTag)) ?? [bytes]
  }
}

/** What is known of a message when it arrives. */
interface Facts {
  channel: Channel
  number?: number
  queue?: string | undefined
  answers?: AmqpUnit[]
  /** Where it is kept until it is answered. */
  remembered?: Map<number, AmqpUnit>
}

/** A delivery under another tag. */
function withTag(bytes: Buffer, tag: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeBigUInt64BE(BigInt(tag), CONSUMER_TAG_AT + 1 + (copy[CONSUMER_TAG_AT] ?? 0))
  return copy
}
