import type { AmqpChunk } from '../../../toxic/amqp.ts'
import type { AmqpUnit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { encodeBody, encodeMethod } from '../../../wire/amqp/encode.ts'
import { FRAME_OVERHEAD } from '../../../wire/amqp/frame.ts'
import type { Consumers, OpenConsumer } from '../consumers.ts'
import type { Channels, ConsumerWatch } from './channels.ts'
import { FIRST_COPY } from './deliveries.ts'

export interface ElsewhereHost {
  readonly consumers: Consumers
  readonly server: string
  begin(): void
  insert(stream: Stream, bytes: Buffer, channel: number): void
}

/** Where a frame has its channel, and its payload's length. */
const CHANNEL_AT = 1
const SIZE_AT = 3

interface Begun {
  readonly channel: number
  readonly tag: string
  readonly key: string
  readonly consumer: OpenConsumer
}

/** The consumers of one connection, as those of others can give them something, and the other way round. */
export class Elsewhere implements ConsumerWatch {
  readonly #host: ElsewhereHost
  readonly #channels: () => Channels
  readonly #begun = new Map<string, Begun>()

  constructor(host: ElsewhereHost, channels: () => Channels) {
    this.#host = host
    this.#channels = channels
  }

  get consumers(): readonly Begun[] {
    return [...this.#begun.values()]
  }

  begun(channel: number, queue: string, tag: string): void {
    this.ended(channel, tag)
    const consumer = { connection: this, deliver: (chunk: AmqpChunk) => this.#deliver(channel, tag, chunk) }
    const key = JSON.stringify([this.#host.server, this.#channels().virtualHost, queue])
    this.#begun.set(nameOf(channel, tag), { channel, tag, key, consumer })
    this.#host.consumers.begun(key, consumer)
  }

  ended(channel: number, tag?: string): void {
    for (const [name, one] of this.#begun) {
      if (channel !== 0 && (one.channel !== channel || (tag !== undefined && one.tag !== tag))) continue
      this.#begun.delete(name)
      this.#host.consumers.ended(one.key, one.consumer)
    }
  }

  /** Who else could be given a delivery. */
  other({ message }: AmqpUnit): OpenConsumer | undefined {
    if (message.method !== 'basic.deliver') return undefined
    const begun = this.#begun.get(nameOf(message.channel, message.fields.consumerTag))
    return begun && this.#host.consumers.other(begun.key, begun.consumer)
  }

  dispose(): void {
    this.ended(0)
  }

  /** Its content is as it came, under the consumer's own tag, and under a delivery tag that the broker never hears of. */
  #deliver(channel: number, consumerTag: string, { bytes, unit }: AmqpChunk): void {
    const { message } = unit
    if (message.method !== 'basic.deliver') return
    this.#host.begin()
    const channels = this.#channels()
    const { unsettling, deliveries } = channels.of(channel)
    const deliveryTag = unsettling.has(consumerTag) ? FIRST_COPY : deliveries.copied()
    const method = encodeMethod(channel, 'basic.deliver', { ...message.fields, consumerTag, deliveryTag })
    const body = encodeBody(channel, message.content.body, channels.frameMax)
    this.#host.insert('downstream', Buffer.concat([method, headerOf(bytes, channel), ...body]), channel)
  }
}

const nameOf = (channel: number, tag: string): string => `${channel} ${tag}`

/** The second of a message's frames, for another channel. */
function headerOf(bytes: Buffer, channel: number): Buffer {
  const begin = bytes.readUInt32BE(SIZE_AT) + FRAME_OVERHEAD
  const length = bytes.readUInt32BE(begin + SIZE_AT) + FRAME_OVERHEAD
  const header = Buffer.from(bytes.subarray(begin, begin + length))
  header.writeUInt16BE(channel, CHANNEL_AT)
  return header
}
