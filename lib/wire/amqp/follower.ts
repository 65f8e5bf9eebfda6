import type { AmqpMessage, Content } from './message.ts'

/** A message's content with where it was going. */
interface Carried {
  channel: number
  exchange: string
  routingKey: string
  content: Content
  /** The lane's offset behind its last byte. */
  end: number
}

/** What the messages of one connection mean, beyond what each says alone: numbers and names are resolved. */
export type AmqpEvent =
  /** `tag`: its number among the channel's publishes, which a confirm names; 0 without confirms. */
  | ({ kind: 'published'; tag: number; mandatory: boolean } & Carried)
  | { kind: 'confirmed'; channel: number; tag: number; multiple: boolean; nack: boolean; end: number }
  | ({ kind: 'returned'; code: number } & Carried)
  /** `queue` is undefined if its consumer's beginning was not seen. */
  | ({
      kind: 'delivered'
      tag: number
      queue: string | undefined
      noAck: boolean
      redelivered: boolean
    } & Carried)
  | {
      kind: 'acked'
      channel: number
      tag: number
      multiple: boolean
      how: 'ack' | 'nack' | 'reject'
      requeue: boolean
      end: number
    }
  | { kind: 'queue.declared'; queue: string; messages: number; consumers: number }
  | { kind: 'queue.deleted'; queue: string }
  | { kind: 'exchange.declared'; exchange: string; type: string }
  | { kind: 'bound' | 'unbound'; queue: string; exchange: string; routingKey: string }
  | { kind: 'consumer.begun'; channel: number; queue: string; consumer: string }
  | { kind: 'consumer.cancelled'; channel: number; consumer: string; by: 'client' | 'broker' }
  /** `code` 200: in order. Channel 0: the whole connection. */
  | { kind: 'closed'; channel: number; by: 'client' | 'broker'; code: number; text: string }
  | { kind: 'blocked'; reason: string }
  | { kind: 'unblocked' }
  | { kind: 'malformed'; reason: string }

interface Consumer {
  queue: string
  noAck: boolean
}

class Channel {
  /** Publishes since confirms were selected; undefined: they were not. */
  publishes: number | undefined
  readonly consumers = new Map<string, Consumer>()
  /** Consumes and gets whose answer has not come yet, in order. */
  readonly awaitingConsumeOk: Consumer[] = []
  readonly awaitingGet: Consumer[] = []
  /** The queue that '' means: the one declared last. */
  lastQueue = ''
}

/** A broker gives a consumer its tag and a queue its name if the client gives none, hence the answers. */
type By<M extends AmqpMessage['method']> = Extract<AmqpMessage, { method: M }>

/**
 * Follows the messages of both sides of one connection. Pure: it knows nothing but what it is shown.
 * Each side's messages must come in their order, and an answer after its request.
 */
export class AmqpFollower {
  readonly #channels = new Map<number, Channel>()
  readonly #onEvent: (event: AmqpEvent) => void

  constructor(onEvent: (event: AmqpEvent) => void) {
    this.#onEvent = onEvent
  }

  /** A consumer whose beginning was seen. */
  consumer(channel: number, tag: string): Readonly<Consumer> | undefined {
    return this.#channels.get(channel)?.consumers.get(tag)
  }

  /**
   * A message that the client sends.
   * @param counted false: one that it has not sent, though it goes to the broker; it has no number of the client's.
   */
  client(message: AmqpMessage, counted = true): void {
    switch (message.method) {
      case 'basic.publish':
        return this.#published(message, counted)
      case 'basic.ack':
        return this.#acked(message, 'ack', message.fields.multiple, false)
      case 'basic.nack':
        return this.#acked(message, 'nack', message.fields.multiple, message.fields.requeue)
      case 'basic.reject':
        return this.#acked(message, 'reject', false, message.fields.requeue)
      case 'basic.consume':
        return this.#consumes(message)
      case 'basic.get':
        return void this.#channel(message).awaitingGet.push(this.#consumerOf(message))
      case 'basic.cancel':
        return this.#cancelled(message, message.fields.consumerTag, 'client')
      case 'confirm.select':
        this.#channel(message).publishes ??= 0
        return
      case 'tx.select':
        return
      default:
        return this.#shaped(message) ? undefined : this.#ended(message, 'client')
    }
  }

  /** A message that the broker sends. */
  server(message: AmqpMessage): void {
    switch (message.method) {
      case 'basic.deliver':
      case 'basic.get-ok':
        return this.#delivered(message)
      case 'basic.get-empty':
        return void this.#channel(message).awaitingGet.shift()
      case 'basic.ack':
        return this.#confirmed(message, false)
      case 'basic.nack':
        return this.#confirmed(message, true)
      case 'basic.return':
        return this.#returned(message)
      case 'basic.consume-ok':
        return this.#begun(message, message.fields.consumerTag)
      case 'basic.cancel':
        return this.#cancelled(message, message.fields.consumerTag, 'broker')
      case 'queue.declare-ok':
        return this.#declared(message)
      case 'connection.blocked':
        return this.#onEvent({ kind: 'blocked', reason: message.fields.reason })
      case 'connection.unblocked':
        return this.#onEvent({ kind: 'unblocked' })
      default:
        return this.#ended(message, 'broker')
    }
  }

  #channel({ channel }: AmqpMessage): Channel {
    const known = this.#channels.get(channel)
    if (known) return known
    const made = new Channel()
    this.#channels.set(channel, made)
    return made
  }

  // Messages.

  #published(message: By<'basic.publish'>, counted: boolean): void {
    const { exchange, routingKey, mandatory } = message.fields
    const channel = this.#channel(message)
    if (channel.publishes !== undefined && counted) channel.publishes += 1
    const tag = counted ? (channel.publishes ?? 0) : 0
    const { channel: number, content, end } = message
    this.#onEvent({ kind: 'published', tag, mandatory, channel: number, exchange, routingKey, content, end })
  }

  #confirmed(message: By<'basic.ack' | 'basic.nack'>, nack: boolean): void {
    const { channel, end } = message
    const { multiple } = message.fields
    this.#onEvent({
      kind: 'confirmed',
      channel,
      tag: Number(message.fields.deliveryTag),
      multiple,
      nack,
      end,
    })
  }

  #returned(message: By<'basic.return'>): void {
    const { replyCode: code, exchange, routingKey } = message.fields
    const { channel, content, end } = message
    this.#onEvent({ kind: 'returned', code, channel, exchange, routingKey, content, end })
  }

  #delivered(message: By<'basic.deliver' | 'basic.get-ok'>): void {
    const channel = this.#channel(message)
    const consumer =
      message.method === 'basic.deliver'
        ? channel.consumers.get(message.fields.consumerTag)
        : channel.awaitingGet.shift()
    const { deliveryTag, redelivered, exchange, routingKey } = message.fields
    this.#onEvent({
      kind: 'delivered',
      tag: Number(deliveryTag),
      queue: consumer?.queue,
      noAck: consumer?.noAck ?? false,
      redelivered,
      channel: message.channel,
      exchange,
      routingKey,
      content: message.content,
      end: message.end,
    })
  }

  #acked(
    message: By<'basic.ack' | 'basic.nack' | 'basic.reject'>,
    how: 'ack' | 'nack' | 'reject',
    multiple: boolean,
    requeue: boolean,
  ): void {
    const { channel, end } = message
    const tag = Number(message.fields.deliveryTag)
    this.#onEvent({ kind: 'acked', channel, tag, multiple, how, requeue, end })
  }

  // Consumers.

  #consumerOf(message: By<'basic.consume' | 'basic.get'>): Consumer {
    const { queue, noAck } = message.fields
    return { queue: queue || this.#channel(message).lastQueue, noAck }
  }

  #consumes(message: By<'basic.consume'>): void {
    const { consumerTag, nowait } = message.fields
    const channel = this.#channel(message)
    const consumer = this.#consumerOf(message)
    // The first deliveries may come right behind the answer, which names the tag that the broker chose.
    if (consumerTag !== '') channel.consumers.set(consumerTag, consumer)
    if (nowait) this.#tellBegun(message.channel, consumer.queue, consumerTag)
    else channel.awaitingConsumeOk.push(consumer)
  }

  #begun(message: AmqpMessage, tag: string): void {
    const channel = this.#channel(message)
    const consumer = channel.awaitingConsumeOk.shift()
    if (!consumer) return
    channel.consumers.set(tag, consumer)
    this.#tellBegun(message.channel, consumer.queue, tag)
  }

  #tellBegun(channel: number, queue: string, consumer: string): void {
    this.#onEvent({ kind: 'consumer.begun', channel, queue, consumer })
  }

  /** What is under way to the consumer may still come: its queue stays known until the channel ends. */
  #cancelled({ channel }: AmqpMessage, consumer: string, by: 'client' | 'broker'): void {
    this.#onEvent({ kind: 'consumer.cancelled', channel, consumer, by })
  }

  // What messages pass through.

  /** Queues, exchanges and bindings, as the client asks for them. */
  #shaped(message: AmqpMessage): boolean {
    switch (message.method) {
      case 'queue.declare':
        if (message.fields.nowait) {
          this.#channel(message).lastQueue = message.fields.queue
          this.#onEvent({ kind: 'queue.declared', queue: message.fields.queue, messages: 0, consumers: 0 })
        }
        return true
      case 'queue.delete':
        this.#onEvent({ kind: 'queue.deleted', queue: message.fields.queue })
        return true
      case 'exchange.declare': {
        const { exchange, type, passive } = message.fields
        if (!passive) this.#onEvent({ kind: 'exchange.declared', exchange, type })
        return true
      }
      case 'queue.bind':
      case 'queue.unbind': {
        const { exchange, routingKey } = message.fields
        const queue = message.fields.queue || this.#channel(message).lastQueue
        const kind = message.method === 'queue.bind' ? 'bound' : 'unbound'
        this.#onEvent({ kind, queue, exchange, routingKey })
        return true
      }
      default:
        return false
    }
  }

  #declared(message: By<'queue.declare-ok'>): void {
    const { queue, messageCount, consumerCount } = message.fields
    this.#channel(message).lastQueue = queue
    this.#onEvent({ kind: 'queue.declared', queue, messages: messageCount, consumers: consumerCount })
  }

  #ended(message: AmqpMessage, by: 'client' | 'broker'): void {
    switch (message.method) {
      case 'channel.close':
      case 'connection.close': {
        const { replyCode: code, replyText: text } = message.fields
        const channel = message.method === 'connection.close' ? 0 : message.channel
        if (channel === 0) this.#channels.clear()
        else this.#channels.delete(channel)
        return this.#onEvent({ kind: 'closed', channel, by, code, text })
      }
      case 'malformed':
        return this.#onEvent({ kind: 'malformed', reason: message.fields.reason })
      default:
    }
  }
}
