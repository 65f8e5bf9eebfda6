import type { Entry, EntryOf } from '../entries.ts'
import type { CallFact } from '../wire-entries.ts'
import { Recent } from '../../util/recent.ts'
import { Bindings } from './bindings.ts'
import { Books, taken, type ChannelBook, type Seen } from './books.ts'
import type { Delivery, Send } from './passages.ts'

/** An RPC message with everything that was seen of it. */
export interface Message {
  /** As it was first seen. */
  call: CallFact
  sends: Send[]
  deliveries: Delivery[]
}

/** An entry that does not fit those before it: something was seen that had not begun, or not seen that must have been. */
export interface Stray {
  ordinal: number
  text: string
  /** Of the message that it is about, where that can be told. */
  identity?: string
}

/** How often a method was seen; for those that are not judged that is all that is kept. */
export interface MethodCount {
  published: number
  delivered: number
}

const MOST_PER_ANSWERED = 10

/** `engine-1` of `engine-1.rabbitmq`. */
export const nodeOf = (link: string): string => link.slice(0, link.lastIndexOf('.'))

/**
 * Follows the messages of a journal, entry by entry: every publish, delivery and answer finds its message. It knows no
 * meaning: fates are told from it, see `fates.ts`.
 */
export class Traffic {
  /** By their identity. Of messages of which everything was answered only the last are kept. */
  readonly messages: Map<string, Message>
  /** How many of them were forgotten. */
  forgotten = 0
  readonly counts = new Map<string, MethodCount>()
  readonly strays: Stray[] = []
  /** Actions that a heartbeat or a result named, with the entry. */
  readonly heartbeats: Map<string, number>
  readonly results: Map<string, number>
  /** Actions of which a run_action was published, with the entry. */
  readonly asked: Map<string, number>
  readonly #books = new Books()
  readonly #bindings = new Bindings()
  /** By the id that a call and its reply share. */
  readonly #calls = new Map<string, Message>()
  readonly #replies = new Map<string, Message>()
  readonly #finished: Map<string, true>
  readonly #keep: (call: CallFact) => boolean
  readonly #most: number

  /**
   * @param keep Which messages are followed; replies are if their call is. Default: those that are judged.
   * @param mostAnswered So many of which everything was answered are kept, the last ones. Default: all; whoever follows
   * a cluster that may run for days needs a bound. Of all messages ten times as many are kept: what nobody takes, or
   * nobody takes over a link, would stay for ever.
   */
  constructor(keep: (call: CallFact) => boolean = ({ judged }) => judged, mostAnswered = Infinity) {
    this.#keep = keep
    this.#most = mostAnswered
    this.messages = new Recent(MOST_PER_ANSWERED * mostAnswered, (_, message) => this.#forgotten(message))
    this.#finished = new Recent(mostAnswered, (identity) => this.forget(identity))
    this.heartbeats = new Recent(mostAnswered)
    this.results = new Recent(mostAnswered)
    this.asked = new Recent(mostAnswered)
  }

  /** @returns The messages that the entry is about. */
  see(entry: Entry): Message[] {
    switch (entry.kind) {
      case 'message.published':
        return this.#published(entry)
      case 'message.delivered':
        return this.#delivered(entry)
      case 'message.confirmed':
        return this.#confirmed(entry)
      case 'message.acked':
        return this.#acked(entry)
      case 'message.returned':
        return this.#returned(entry)
      case 'connection.opened':
        this.#books.of(entry).side = entry.side
        return []
      case 'channel.closed':
        this.#channelClosed(entry)
        return []
      case 'connection.closed':
        this.#connectionClosed(entry)
        return []
      default:
        this.#bindings.see(entry)
        return []
    }
  }

  /** The call that a reply answers. */
  callOf({ call }: Message): Message | undefined {
    return call.kind === 'reply' ? this.#calls.get(call.msgId ?? '') : undefined
  }

  /** The reply to a call. */
  replyTo({ call }: Message): Message | undefined {
    return call.kind === 'call' ? this.#replies.get(call.msgId ?? '') : undefined
  }

  #published(entry: EntryOf<'message.published'>): Message[] {
    const { channel, tag, exchange, routingKey, expirationMs, call } = entry
    const connection = this.#books.of(entry)
    const book = connection.channel(channel, tag)
    if (tag > 0) this.#next(entry, book, 'published', tag)
    if (!call) return []
    this.#count(call, 'published')
    this.#note(call, entry.ordinal)
    const message = this.#messageOf(call)
    if (!message) return []
    const { ordinal, at, link, connection: number } = entry
    const send: Send = {
      identity: call.identity,
      ordinal,
      at,
      link,
      connection: number,
      channel,
      tag,
      reached: 'open',
      side: connection.side,
      exchange,
      routingKey,
      queues: this.#bindings.route(exchange, routingKey),
    }
    if (expirationMs !== undefined) send.expirationMs = expirationMs
    // Mostly it is the only one: an array that grows has room for many.
    message.sends = message.sends.length === 0 ? [send] : [...message.sends, send]
    if (tag > 0) book.sends.set(tag, send)
    connection.enter('upstream', entry.until, send)
    return [message]
  }

  #delivered(entry: EntryOf<'message.delivered'>): Message[] {
    const { channel, tag, queue, redelivered, noAck = false, call } = entry
    const connection = this.#books.of(entry)
    const book = connection.channel(channel, tag)
    this.#next(entry, book, 'delivered', tag)
    if (!call) return []
    this.#count(call, 'delivered')
    const message = this.#messageOf(call)
    if (!message) return []
    const { ordinal, at, link, connection: number } = entry
    const delivery: Delivery = {
      identity: call.identity,
      ordinal,
      at,
      link,
      connection: number,
      channel,
      tag,
      reached: 'open',
      side: connection.side,
      queue,
      redelivered,
      noAck,
    }
    message.deliveries = message.deliveries.length === 0 ? [delivery] : [...message.deliveries, delivery]
    if (noAck) this.#finish(message)
    else book.deliveries.set(tag, delivery)
    connection.enter('downstream', entry.until, delivery)
    return [message]
  }

  #confirmed(entry: EntryOf<'message.confirmed'>): Message[] {
    const { channel, tag, multiple, nack, ordinal, at } = entry
    const book = this.#books.of(entry).channel(channel)
    if (tag > book.published && !book.closed)
      this.#stray(entry, `publish ${tag} was confirmed after number ${book.published} was published`)
    const messages: Message[] = []
    for (const send of taken(book.sends, tag, multiple)) {
      send.answer ??= { ordinal, at, how: nack ? 'nack' : 'ack' }
      this.#answered(send, messages)
    }
    return messages
  }

  #acked(entry: EntryOf<'message.acked'>): Message[] {
    const { channel, tag, multiple, how, requeue, ordinal, at } = entry
    const book = this.#books.of(entry).channel(channel)
    if (tag > book.delivered && !book.closed)
      this.#stray(entry, `delivery ${tag} was answered after number ${book.delivered} was delivered`)
    const before = multiple ? undefined : book.answered.get(tag)
    if (before !== undefined) this.#stray(entry, `delivery ${tag} was answered twice`, before)
    const messages: Message[] = []
    for (const delivery of taken(book.deliveries, tag, multiple)) {
      book.answered.set(delivery.tag, delivery.identity)
      delivery.answer = { ordinal, at, how, requeue }
      this.#answered(delivery, messages)
    }
    return messages
  }

  #returned(entry: EntryOf<'message.returned'>): Message[] {
    const { call, link, connection, channel, ordinal, at } = entry
    const message = call && this.messages.get(call.identity)
    const send = message?.sends.findLast(
      (one) =>
        one.link === link &&
        one.connection === connection &&
        one.channel === channel &&
        one.answer?.how !== 'return',
    )
    if (send) send.answer = { ordinal, at, how: 'return' }
    return message ? [message] : []
  }

  #channelClosed(entry: EntryOf<'channel.closed'>): void {
    for (const [channel, book] of this.#books.of(entry).channels)
      if (entry.channel === 0 || entry.channel === channel) book.closed = true
  }

  #connectionClosed(entry: EntryOf<'connection.closed'>): void {
    const { passages } = this.#books.of(entry)
    for (const lane of ['upstream', 'downstream'] as const)
      for (const { until, passage } of passages[lane])
        passage.reached = until <= entry.forwarded[lane] ? 'yes' : 'no'
    this.#books.close(entry)
  }

  /** What was answered has arrived. */
  #answered(passage: Send | Delivery, messages: Message[]): void {
    passage.reached = 'yes'
    const message = this.messages.get(passage.identity)
    if (!message) return
    this.#finish(message)
    messages.push(message)
  }

  /** A message that was delivered and of which nothing is open is forgotten in time. */
  #finish({ call, sends, deliveries }: Message): void {
    if (deliveries.length === 0) return
    for (const { answer, tag } of sends) if (answer === undefined && tag !== 0) return
    for (const { answer, noAck } of deliveries) if (answer === undefined && !noAck) return
    this.#finished.set(call.identity, true)
  }

  /** What comes of it later is as if it came of a message that was never seen. */
  forget(identity: string): void {
    const message = this.messages.get(identity)
    if (!message) return
    this.messages.delete(identity)
    this.#forgotten(message)
  }

  #forgotten({ call: { msgId }, sends, deliveries }: Message): void {
    this.forgotten += 1
    // Nobody asks any more whether it arrived: its connection lets it go.
    for (const send of sends) send.reached = 'yes'
    for (const delivery of deliveries) delivery.reached = 'yes'
    if (msgId === undefined) return
    this.#calls.delete(msgId)
    this.#replies.delete(msgId)
  }

  #messageOf(call: CallFact): Message | undefined {
    // A reply names no method.
    const kept = call.kind === 'reply' ? this.#calls.has(call.msgId ?? '') : this.#keep(call)
    if (!kept || call.identity === '') return undefined
    const known = this.messages.get(call.identity)
    if (known) return known
    const message: Message = { call, sends: [], deliveries: [] }
    this.messages.set(call.identity, message)
    if (call.msgId !== undefined)
      (call.kind === 'reply' ? this.#replies : this.#calls).set(call.msgId, message)
    return message
  }

  #note({ method, action, actions }: CallFact, ordinal: number): void {
    if (method === 'report_running_actions')
      for (const id of actions ?? []) if (!this.heartbeats.has(id)) this.heartbeats.set(id, ordinal)
    if (method === 'run_action' && action !== undefined && !this.asked.has(action))
      this.asked.set(action, ordinal)
    if (method === 'on_action_complete' && action !== undefined && !this.results.has(action))
      this.results.set(action, ordinal)
  }

  #count({ kind, method }: CallFact, what: keyof MethodCount): void {
    const name = kind === 'reply' ? 'reply' : method
    let count = this.counts.get(name)
    if (!count) this.counts.set(name, (count = { published: 0, delivered: 0 }))
    count[what] += 1
  }

  #next(entry: Seen, book: ChannelBook, what: 'published' | 'delivered', tag: number): void {
    if (tag !== book[what] + 1 && !book.closed)
      this.#stray(entry, `number ${tag} was ${what} after number ${book[what]}`)
    book[what] = tag
  }

  #stray({ ordinal, link, connection }: Seen, what: string, identity?: string): void {
    const text = `entry ${ordinal}, connection ${connection} of ${link}: ${what}`
    this.strays.push({ ordinal, text, ...(identity === undefined ? {} : { identity }) })
    if (this.strays.length > this.#most) this.strays.shift()
  }
}

/** The messages of a journal's entries. */
export function trafficOf(entries: readonly Entry[]): Traffic {
  const traffic = new Traffic()
  for (const entry of entries) traffic.see(entry)
  return traffic
}
