import type { Entry } from '../entries.ts'
import type { CallFact } from '../wire-entries.ts'
import { Recent } from '../../util/recent.ts'
import { Bindings } from './bindings.ts'
import { Books, named, type ChannelBook, type Seen } from './books.ts'
import type { Delivery, Passage, Send } from './passages.ts'

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
}

/** How often a method was seen; for those that are not judged that is all that is kept. */
export interface MethodCount {
  published: number
  delivered: number
}

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

/** `engine-1` of `engine-1.rabbitmq`. */
export const nodeOf = (link: string): string => link.slice(0, link.lastIndexOf('.'))

/** Far more than one promise has: so that a cluster that runs for days does not fill the memory. */
const MOST_ANSWERED = 200_000

/**
 * Follows the messages of a journal, entry by entry: every publish, delivery and answer finds its message. It knows no
 * meaning: fates are told from it, see `fates.ts`.
 */
export class Traffic {
  /** By their identity. Of messages of which everything was answered only the last are kept. */
  readonly messages = new Map<string, Message>()
  /** How many of them were forgotten. */
  forgotten = 0
  readonly counts = new Map<string, MethodCount>()
  readonly strays: Stray[] = []
  /** Actions that a heartbeat or a result named, with the entry. */
  readonly heartbeats = new Recent<string, number>(MOST_ANSWERED)
  readonly results = new Recent<string, number>(MOST_ANSWERED)
  readonly #books = new Books()
  readonly #bindings = new Bindings()
  /** By the id that a call and its reply share. */
  readonly #calls = new Map<string, Message>()
  readonly #replies = new Map<string, Message>()
  readonly #finished = new Recent<string, true>(MOST_ANSWERED, (identity) => this.#forget(identity))
  readonly #keep: (call: CallFact) => boolean

  /** @param keep Which messages are followed; replies are if their call is. Default: those that are judged. */
  constructor(keep: (call: CallFact) => boolean = ({ judged }) => judged) {
    this.#keep = keep
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
        this.#books.connection(entry).side = entry.side
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
    const book = this.#books.channel(entry, channel, tag)
    if (tag > 0) this.#next(entry, book, 'published', tag)
    if (!call) return []
    this.#count(call, 'published')
    this.#note(call, entry.ordinal)
    const message = this.#messageOf(call)
    if (!message) return []
    const send: Send = {
      ...this.#passageOf(entry, call.identity, tag),
      exchange,
      routingKey,
      ...(expirationMs === undefined ? {} : { expirationMs }),
      queues: this.#bindings.route(exchange, routingKey),
    }
    message.sends.push(send)
    if (tag > 0) book.sends.set(tag, send)
    this.#books.enter(entry, { lane: 'upstream', until: entry.until, passage: send })
    return [message]
  }

  #delivered(entry: EntryOf<'message.delivered'>): Message[] {
    const { channel, tag, queue, redelivered, noAck = false, call } = entry
    const book = this.#books.channel(entry, channel, tag)
    this.#next(entry, book, 'delivered', tag)
    if (!call) return []
    this.#count(call, 'delivered')
    const message = this.#messageOf(call)
    if (!message) return []
    const delivery: Delivery = { ...this.#passageOf(entry, call.identity, tag), queue, redelivered, noAck }
    message.deliveries.push(delivery)
    if (!noAck) book.deliveries.set(tag, delivery)
    this.#books.enter(entry, { lane: 'downstream', until: entry.until, passage: delivery })
    return [message]
  }

  #confirmed(entry: EntryOf<'message.confirmed'>): Message[] {
    const { channel, tag, multiple, nack, ordinal, at } = entry
    const book = this.#books.channel(entry, channel)
    if (tag > book.published && !book.closed)
      this.#stray(entry, `publish ${tag} was confirmed after number ${book.published} was published`)
    const sends = named(book.sends, tag, multiple)
    for (const send of sends) send.answer ??= { ordinal, at, how: nack ? 'nack' : 'ack' }
    return this.#answered(sends)
  }

  #acked(entry: EntryOf<'message.acked'>): Message[] {
    const { channel, tag, multiple, how, requeue, ordinal, at } = entry
    const book = this.#books.channel(entry, channel)
    if (tag > book.delivered && !book.closed)
      this.#stray(entry, `delivery ${tag} was answered after number ${book.delivered} was delivered`)
    const deliveries = named(book.deliveries, tag, multiple)
    for (const delivery of deliveries) {
      if (delivery.answer && !multiple) this.#stray(entry, `delivery ${tag} was answered twice`)
      delivery.answer ??= { ordinal, at, how, requeue }
    }
    return this.#answered(deliveries)
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
    for (const [channel, book] of this.#books.connection(entry).channels)
      if (entry.channel === 0 || entry.channel === channel) book.closed = true
  }

  #connectionClosed(entry: EntryOf<'connection.closed'>): void {
    for (const { lane, until, passage } of this.#books.connection(entry).passages)
      passage.reached = until <= entry.forwarded[lane] ? 'yes' : 'no'
    this.#books.close(entry)
  }

  #passageOf(entry: Seen & { at: number; channel: number }, identity: string, tag: number): Passage {
    const { ordinal, at, link, connection, channel } = entry
    const { side } = this.#books.connection(entry)
    return { identity, ordinal, at, link, connection, channel, tag, reached: 'open', side }
  }

  /** What was answered has arrived. Messages of which nothing is open are forgotten in time. */
  #answered(passages: readonly (Send | Delivery)[]): Message[] {
    return passages.flatMap((passage) => {
      passage.reached = 'yes'
      const message = this.messages.get(passage.identity)
      if (!message) return []
      const open = [...message.sends, ...message.deliveries].some(({ answer }) => answer === undefined)
      if (!open && message.deliveries.length > 0) this.#finished.set(passage.identity, true)
      return [message]
    })
  }

  #forget(identity: string): void {
    const message = this.messages.get(identity)
    if (!message) return
    this.messages.delete(identity)
    this.#calls.delete(message.call.msgId ?? '')
    this.#replies.delete(message.call.msgId ?? '')
    this.forgotten += 1
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
    if (method === 'on_action_complete' && action !== undefined && !this.results.has(action))
      this.results.set(action, ordinal)
  }

  #count({ kind, method }: CallFact, what: keyof MethodCount): void {
    const name = kind === 'reply' ? 'reply' : method
    const count = this.counts.get(name) ?? { published: 0, delivered: 0 }
    count[what] += 1
    this.counts.set(name, count)
  }

  #next(entry: Seen, book: ChannelBook, what: 'published' | 'delivered', tag: number): void {
    if (tag !== book[what] + 1 && !book.closed)
      this.#stray(entry, `number ${tag} was ${what} after number ${book[what]}`)
    book[what] = tag
  }

  #stray({ ordinal, link, connection }: Seen, what: string): void {
    this.strays.push({ ordinal, text: `entry ${ordinal}, connection ${connection} of ${link}: ${what}` })
  }
}

/** The messages of a journal's entries. */
export function trafficOf(entries: readonly Entry[]): Traffic {
  const traffic = new Traffic()
  for (const entry of entries) traffic.see(entry)
  return traffic
}
