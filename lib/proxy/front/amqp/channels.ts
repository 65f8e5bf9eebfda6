import { decodeArguments, methodIdOf } from '../../../wire/amqp/decode.ts'
import { AmqpFollower } from '../../../wire/amqp/follower.ts'
import type { Frame } from '../../../wire/amqp/frame.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'
import { METHOD_BY_ID, METHOD_BY_NAME, type MethodName } from '../../../wire/amqp/specification.ts'
import type { AmqpUnit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { Confirms } from './confirms.ts'
import { Deliveries } from './deliveries.ts'

const idOf = (name: MethodName): number => METHOD_BY_NAME.get(name)?.id ?? 0
const PUBLISH = idOf('basic.publish')
const DELIVER = idOf('basic.deliver')
const RETURN = idOf('basic.return')
const ACK = idOf('basic.ack')
const NACK = idOf('basic.nack')
const REJECT = idOf('basic.reject')

/** Where a frame's arguments begin in its payload, and where `multiple` follows a tag. */
const ARGUMENTS_AT = 4
const TAG_BYTES = 8
const MULTIPLE = 1

/** What has to be known of one channel, so that messages can be taken out of it and put into it. */
export class Channel {
  /** Once the client has selected confirms. */
  confirms: Confirms | undefined
  readonly deliveries = new Deliveries()
  /** Consumers that settle nothing. */
  readonly unsettling = new Set<string>()
  /** While a toxic asks what acks and confirms answer: by delivery tag, and by the number of the publish. */
  readonly delivered = new Map<number, AmqpUnit>()
  readonly published = new Map<number, AmqpUnit>()
  /** Consumers that have ended, as the client has been told: it must not be given anything for them. */
  readonly cancelled = new Set<string>()
  /** Consumers that were ended in the broker's name, until the broker knows. */
  readonly cancelling = new Set<string>()
  /** Nothing that comes late may go on: the channel has ended, for the side that it would go to. */
  readonly over: Record<Stream, boolean> = { upstream: false, downstream: false }

  /** What both sides count is alike, and nothing is expected that only one of them knows of. */
  get isPlain(): boolean {
    if (this.over.downstream) return true
    return !this.confirms?.diverged && this.deliveries.isPlain && this.cancelling.size === 0
  }
}

/** Told of consumers as they begin and end, on whichever side. */
export interface ConsumerWatch {
  begun(channel: number, queue: string, tag: string): void
  /** Without a tag all of the channel, and those of channel 0 are all. */
  ended(channel: number, tag?: string): void
}

/** The channels of one connection, kept up to date at the least cost while nothing is done to its messages. */
export class Channels {
  readonly #channels = new Map<number, Channel>()
  readonly #follower: AmqpFollower
  readonly #watch: ConsumerWatch
  /** Bytes of a frame at most, as negotiated; 0: any. */
  frameMax = 0
  /** How often a side must be heard of, in s; 0: never. */
  heartbeat = 0
  virtualHost = ''
  /** What the client can be told, `consumer_cancel_notify`. */
  #capabilities: object = {}
  /** The client has opened the connection, and these channels. */
  #isOpen = false
  readonly #open = new Set<number>()

  constructor(watch: ConsumerWatch) {
    this.#watch = watch
    this.#follower = new AmqpFollower((event) => {
      // Other deliveries are not shown to it.
      if (event.kind === 'delivered' && !event.noAck) this.of(event.channel).deliveries.delivered(event.tag)
      if (event.kind === 'consumer.begun') this.#begun(event)
      if (event.kind === 'consumer.cancelled') watch.ended(event.channel, event.consumer)
      if (event.kind === 'closed') this.#closed(event.channel, event.by)
    })
  }

  of(channel: number): Channel {
    let known = this.#channels.get(channel)
    if (!known) this.#channels.set(channel, (known = new Channel()))
    return known
  }

  /** The queue of a consumer; undefined if its beginning was not seen. */
  queueOf(channel: number, consumerTag: string): string | undefined {
    return this.#follower.consumer(channel, consumerTag)?.queue
  }

  /** Both sides count alike. */
  get isPlain(): boolean {
    for (const channel of this.#channels.values()) if (!channel.isPlain) return false
    return true
  }

  /** Those that can be closed now. */
  get open(): readonly number[] {
    return [...this.#open]
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Nobody asks any more what acks and confirms answer. */
  forgetAnswered(): void {
    for (const { delivered, published } of this.#channels.values()) {
      delivered.clear()
      published.clear()
    }
  }

  can(capability: string): boolean {
    return Object.entries(this.#capabilities).some(([name, can]) => name === capability && can === true)
  }

  /** A frame that goes on as it is, on its way to the broker (`upstream`) or to the client. */
  passed(stream: Stream, frame: Frame): void {
    const id = methodIdOf(frame)
    if (stream === 'upstream') {
      if (id === PUBLISH) return this.#publish(frame.channel)
      if (id === ACK || id === NACK || id === REJECT) return this.#settled(frame, id !== REJECT)
    } else {
      if (id === DELIVER) return this.#deliver(frame)
      if (id === ACK || id === NACK) return this.#confirmed(frame)
      if (id === RETURN) return
    }
    const method = id === undefined ? undefined : METHOD_BY_ID.get(id)
    if (!method) return
    try {
      const fields = decodeArguments(method, frame)
      const { channel, offset, start, end } = frame
      const size = end - start
      const place = { channel, offset, size, end: offset + size }
      this.seen(stream, {
        ...place,
        method: method.name,
        fields,
        content: undefined,
      } as unknown as AmqpMessage)
    } catch {
      // A malformed method says nothing; the broker closes the connection.
    }
  }

  /** A message that is no publish, delivery, return, ack or nack: it goes on as it is. */
  seen(stream: Stream, message: AmqpMessage): void {
    if (stream === 'upstream') this.#follower.client(message)
    else this.#follower.server(message)
    const { channel } = message
    switch (message.method) {
      case 'connection.start-ok':
        this.#capabilities = (message.fields.clientProperties['capabilities'] ?? {}) as object
        return
      case 'connection.open':
        this.virtualHost = message.fields.virtualHost
        return
      case 'connection.open-ok':
        this.#isOpen = true
        return
      case 'channel.open':
        return void this.#channels.delete(channel)
      case 'channel.open-ok':
        return void this.#open.add(channel)
      case 'basic.consume':
        return void this.of(channel).cancelled.delete(message.fields.consumerTag)
      case 'confirm.select':
        this.of(channel).confirms ??= new Confirms()
        return
      case 'basic.recover':
      case 'basic.recover-async':
        return this.of(channel).deliveries.clear()
      case 'connection.tune-ok':
        this.frameMax = message.fields.frameMax
        this.heartbeat = message.fields.heartbeat
        return
      default:
    }
  }

  /** A consumer, or (without a tag) a channel, channel 0 the connection, has ended in the broker's name. */
  ended(channel: number, consumerTag?: string): void {
    if (consumerTag === undefined) this.#closed(channel, 'broker')
    else this.#watch.ended(channel, consumerTag)
  }

  #begun({ channel, queue, consumer }: { channel: number; queue: string; consumer: string }): void {
    const { unsettling } = this.of(channel)
    if (this.#follower.consumer(channel, consumer)?.noAck) unsettling.add(consumer)
    else unsettling.delete(consumer)
    this.#watch.begun(channel, queue, consumer)
  }

  /** Who closes has sent all that it will; whom it has told takes nothing any more. */
  #closed(channel: number, by: 'client' | 'broker'): void {
    this.#watch.ended(channel)
    if (channel === 0) this.#isOpen = false
    const closed = channel === 0 ? [...this.#channels.keys()] : [channel]
    for (const one of closed) {
      this.#open.delete(one)
      const { over } = this.of(one)
      over.downstream = true
      if (by === 'broker') over.upstream = true
    }
  }

  #publish(channel: number): void {
    const { confirms } = this.of(channel)
    confirms?.sent(confirms.published())
  }

  #deliver(frame: Frame): void {
    const { deliveries, unsettling } = this.of(frame.channel)
    const at = frame.payloadStart + ARGUMENTS_AT
    const tagAt = at + 1 + (frame.chunk[at] ?? 0)
    if (tagAt + TAG_BYTES > frame.payloadEnd) return
    if (unsettling.size > 0 && unsettling.has(frame.chunk.toString('utf8', at + 1, tagAt))) return
    deliveries.delivered(longlongAt(frame.chunk, tagAt))
  }

  #settled(frame: Frame, canBeMultiple: boolean): void {
    const { tag, multiple } = tagOf(frame)
    this.of(frame.channel).deliveries.settled(tag, canBeMultiple && multiple)
  }

  #confirmed(frame: Frame): void {
    const { tag, multiple } = tagOf(frame)
    this.of(frame.channel).confirms?.confirmed(tag, multiple)
  }
}

const longlongAt = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)

function tagOf({ chunk, payloadStart, payloadEnd }: Frame): { tag: number; multiple: boolean } {
  const at = payloadStart + ARGUMENTS_AT
  if (at + TAG_BYTES >= payloadEnd) return { tag: -1, multiple: false }
  return { tag: longlongAt(chunk, at), multiple: ((chunk[at + TAG_BYTES] ?? 0) & MULTIPLE) !== 0 }
}
