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
}

/** The channels of one connection, kept up to date at the least cost while nothing is done to its messages. */
export class Channels {
  readonly #channels = new Map<number, Channel>()
  readonly #follower = new AmqpFollower((event) => {
    // Other deliveries are not shown to it.
    if (event.kind === 'delivered' && !event.noAck) this.of(event.channel).deliveries.delivered(event.tag)
    if (event.kind === 'consumer.begun') this.#begun(event.channel, event.consumer)
  })
  /** Bytes of a frame at most, as negotiated; 0: any. */
  frameMax = 0

  of(channel: number): Channel {
    let known = this.#channels.get(channel)
    if (!known) this.#channels.set(channel, (known = new Channel()))
    return known
  }

  /** The queue of a consumer; undefined if its beginning was not seen. */
  queueOf(channel: number, consumerTag: string): string | undefined {
    return this.#follower.consumer(channel, consumerTag)?.queue
  }

  get diverged(): boolean {
    for (const { confirms } of this.#channels.values()) if (confirms?.diverged) return true
    return false
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
      case 'channel.open':
        return void this.#channels.delete(channel)
      case 'confirm.select':
        this.of(channel).confirms ??= new Confirms()
        return
      case 'basic.recover':
      case 'basic.recover-async':
        return this.of(channel).deliveries.clear()
      case 'connection.tune-ok':
        this.frameMax = message.fields.frameMax
        return
      default:
    }
  }

  #begun(channel: number, consumerTag: string): void {
    if (this.#follower.consumer(channel, consumerTag)?.noAck) this.of(channel).unsettling.add(consumerTag)
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
