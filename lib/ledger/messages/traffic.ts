import type { Entry, EntryOf } from '../entries.ts'
import type { CallFact } from '../wire-entries.ts'
import { Recent } from '../../util/recent.ts'
import { Bindings } from './bindings.ts'
import { Books } from './books.ts'
import { alter } from './alterations.ts'
import { Mentions } from './mentions.ts'
import { isOut, settlementOf, type Delivery, type Passage, type Send } from './passages.ts'
import { Strays, type Stray } from './strays.ts'

/** An RPC message with everything that was seen of it. */
export interface Message {
  /** As it was first seen. */
  call: CallFact
  sends: Send[]
  deliveries: Delivery[]
  /** It was delivered, and nothing of it is open. */
  over?: true
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
  readonly mentions: Mentions
  readonly #books = new Books()
  readonly #bindings = new Bindings()
  /** By the id that a call and its reply share. */
  readonly #calls = new Map<string, Message>()
  readonly #replies = new Map<string, Message>()
  readonly #mostAnswered: number
  /** Those that are over, the last ones, the oldest at `#oldest` once there are enough. */
  readonly #over: Message[] = []
  #oldest = 0
  readonly #keep: (call: CallFact) => boolean
  readonly #strays: Strays

  /**
   * @param keep Which messages are followed; replies are if their call is. Default: those that are judged.
   * @param mostAnswered So many of which everything was answered are kept, the last ones. Default: all; whoever follows
   * a cluster that may run for days needs a bound. Of all messages ten times as many are kept: what nobody takes, or
   * nobody takes over a link, would stay for ever.
   */
  constructor(keep: (call: CallFact) => boolean = ({ judged }) => judged, mostAnswered = Infinity) {
    this.#keep = keep
    this.#strays = new Strays(mostAnswered)
    this.messages = new Recent(MOST_PER_ANSWERED * mostAnswered, (_, message) => this.#forgotten(message))
    this.#mostAnswered = mostAnswered
    this.mentions = new Mentions(mostAnswered)
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
      case 'message.withheld':
      case 'message.released':
        return this.#altered(entry)
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

  /** What does not fit. */
  get strays(): readonly Stray[] {
    return this.#strays.list
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
    if (tag > 0) this.#strays.next(entry, book, 'published', tag)
    if (!call) return []
    this.mentions.note(call, entry.ordinal)
    const message = this.#messageOf(call)
    if (!message) return []
    const { ordinal, at, link, connection: number, inserted } = entry
    // Whole from the start: what is made of parts, or grows, takes several times as long.
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
      answer: undefined,
    }
    if (inserted) send.inserted = true
    if (expirationMs !== undefined) send.expirationMs = expirationMs
    // Mostly it is the only one: an array that grows has room for many.
    message.sends = message.sends.length === 0 ? [send] : [...message.sends, send]
    if (tag > 0) book.sends.enter(send)
    connection.upstream.enter(send, entry.until)
    return [message]
  }

  #delivered(entry: EntryOf<'message.delivered'>): Message[] {
    const { channel, tag, queue, redelivered, noAck = false, call, inserted } = entry
    const connection = this.#books.of(entry)
    const book = connection.channel(channel, tag)
    if (!inserted) this.#strays.next(entry, book, 'delivered', tag)
    if (!call) return []
    const message = this.#messageOf(call)
    if (!message) return []
    if (inserted) this.#strays.checkCopy(entry, book)
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
      answer: undefined,
    }
    if (inserted) delivery.inserted = true
    message.deliveries = message.deliveries.length === 0 ? [delivery] : [...message.deliveries, delivery]
    if (noAck) this.#finish(message)
    else book.deliveries.enter(delivery)
    connection.downstream.enter(delivery, entry.until)
    return [message]
  }

  #confirmed(entry: EntryOf<'message.confirmed'>): Message[] {
    const { channel, tag, multiple, nack, ordinal, at, until, inserted } = entry
    const connection = this.#books.of(entry)
    const book = connection.channel(channel)
    this.#strays.checkConfirm(entry, book)
    const answer = { ordinal, at, how: nack ? 'nack' : 'ack' } as const
    if (inserted) return this.#putIn(book.sends.named(tag, multiple), answer)
    const sends = book.sends.take(tag, multiple)
    const messages: Message[] = []
    for (const send of sends) {
      // Each has one of its own, since each may be taken out.
      send.answer ??= { ordinal, at, how: answer.how }
      this.#answered(send, messages)
    }
    if (until !== undefined && sends.length > 0) connection.downstream.answers(until, sends)
    return messages
  }

  #acked(entry: EntryOf<'message.acked'>): Message[] {
    const { channel, tag, multiple, how, requeue, ordinal, at, until, inserted } = entry
    const connection = this.#books.of(entry)
    const book = connection.channel(channel)
    this.#strays.checkAck(entry, book)
    const answer = { ordinal, at, how, requeue }
    if (inserted) return this.#putIn(book.deliveries.named(tag, multiple), answer)
    const deliveries = book.deliveries.take(tag, multiple)
    const messages: Message[] = []
    for (const delivery of deliveries) {
      book.answered.set(delivery.tag, delivery.identity)
      delivery.answer = { ordinal, at, how, requeue }
      this.#answered(delivery, messages)
    }
    if (until !== undefined && deliveries.length > 0) connection.upstream.answers(until, deliveries)
    return messages
  }

  /** An answer that the other side has not given: it may still give its own. */
  #putIn<P extends Send | Delivery>(passages: P[], answer: NonNullable<P['putIn']>): Message[] {
    const messages: Message[] = []
    for (const passage of passages) {
      passage.putIn ??= answer
      const message = this.#touched(passage, messages)
      if (message) this.#finish(message)
    }
    return messages
  }

  /** A message, or what was answered to one, was taken out or has gone on after all. */
  #altered(entry: EntryOf<'message.withheld' | 'message.released'>): Message[] {
    const { passages, contradiction } = alter(this.#books.of(entry), entry)
    const messages: Message[] = []
    for (const passage of passages) this.#touched(passage, messages)
    if (contradiction !== undefined)
      this.#strays.add(
        entry,
        `what ends at ${entry.until} ${entry.stream} ${contradiction}`,
        passages[0]?.identity,
      )
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
        !isOut(one) &&
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
    const { upstream, downstream } = this.#books.of(entry)
    upstream.end(entry.forwarded.upstream)
    downstream.end(entry.forwarded.downstream)
    this.#books.close(entry)
  }

  /** What was answered has arrived. */
  #answered(passage: Send | Delivery, messages: Message[]): void {
    passage.reached = 'yes'
    const message = this.#touched(passage, messages)
    if (message) this.#finish(message)
  }

  #touched({ identity }: Passage, messages: Message[]): Message | undefined {
    const message = this.messages.get(identity)
    if (message && !messages.includes(message)) messages.push(message)
    return message
  }

  /** A message that was delivered and of which nothing is open is forgotten in time. */
  #finish(message: Message): void {
    if (message.over || !isOver(message)) return
    message.over = true
    if (this.#mostAnswered === Infinity) return
    const oldest = this.#over[this.#oldest]
    this.#over[this.#oldest] = message
    this.#oldest = (this.#oldest + 1) % this.#mostAnswered
    if (oldest && this.messages.get(oldest.call.identity) === oldest) this.forget(oldest.call.identity)
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
}

function isOver({ sends, deliveries }: Message): boolean {
  if (deliveries.length === 0) return false
  for (const { answer, tag } of sends) if (answer === undefined && tag !== 0) return false
  for (const one of deliveries) if (settlementOf(one) === undefined && !one.noAck) return false
  return true
}

/** The messages of a journal's entries. */
export function trafficOf(entries: readonly Entry[]): Traffic {
  const traffic = new Traffic()
  for (const entry of entries) traffic.see(entry)
  return traffic
}
