import type { Entry } from '../entries.ts'
import type { CallFact, LaneCounts } from '../wire-entries.ts'
import { Bindings } from './bindings.ts'

/** Whether a message's last byte was handed on: `open` while its connection lives. */
export type Reached = 'yes' | 'no' | 'open'

interface Passage {
  /** The journal's entry. */
  ordinal: number
  at: number
  link: string
  connection: number
  channel: number
  tag: number
  reached: Reached
}

/** One publish of a message. */
export interface Send extends Passage {
  exchange: string
  routingKey: string
  expirationMs?: number
  /** By the bindings at that moment; undefined: they are not known. */
  queues: string[] | undefined
  /** By the broker. */
  answer?: { ordinal: number; at: number; how: 'ack' | 'nack' | 'return' }
}

/** One delivery of a message to one consumer. */
export interface Delivery extends Passage {
  queue: string | undefined
  redelivered: boolean
  noAck: boolean
  answer?: { ordinal: number; at: number; how: 'ack' | 'nack' | 'reject'; requeue: boolean }
}

/** An RPC message with everything that was seen of it. */
export interface Message {
  key: string
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

/** The judged messages of a channel by tag, and the last tags of all that were seen: they go up by one. */
interface ChannelBook {
  sends: Map<number, Send>
  deliveries: Map<number, Delivery>
  published: number
  delivered: number
  /** What still comes belongs to the channel that was; one that is opened again begins at 1. */
  closed: boolean
}

const newBook = (): ChannelBook => ({
  sends: new Map(),
  deliveries: new Map(),
  published: 0,
  delivered: 0,
  closed: false,
})

interface ConnectionBook {
  channels: Map<number, ChannelBook>
  /** Of messages on it, with where they end in their lane. */
  passages: { lane: keyof LaneCounts; until: number; passage: Passage }[]
}

/** A call and its reply share an id. */
export const keyOf = ({ kind, identity }: CallFact): string =>
  kind === 'reply' ? `reply ${identity}` : identity

/**
 * Follows the messages of a journal, entry by entry: every publish, delivery and answer finds its message. It knows no
 * meaning: fates are told from it, see `fates.ts`.
 */
export class Traffic {
  readonly messages = new Map<string, Message>()
  readonly counts = new Map<string, MethodCount>()
  readonly strays: Stray[] = []
  /** Actions that a heartbeat or a result named, with the entry. */
  readonly heartbeats = new Map<string, number>()
  readonly results = new Map<string, number>()
  readonly #connections = new Map<string, ConnectionBook>()
  readonly #bindings = new Bindings()

  see(entry: Entry): void {
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
      case 'channel.closed':
        return this.#channelClosed(entry)
      case 'connection.closed':
        return this.#connectionClosed(entry)
      default:
        return this.#bindings.see(entry)
    }
  }

  /** The message that a reply answers, or that a call was answered by. */
  callOf({ call }: Message): Message | undefined {
    if (call.kind !== 'reply' || call.msgId === undefined) return undefined
    return this.#callsByMsgId.get(call.msgId)
  }

  readonly #callsByMsgId = new Map<string, Message>()

  #published(entry: EntryOf<'message.published'>): void {
    const { channel, tag, exchange, routingKey, expirationMs, call } = entry
    const book = this.#book(entry, channel, tag)
    if (tag > 0) this.#next(entry, book, 'published', tag)
    if (!call) return
    this.#count(call, 'published')
    this.#note(call, entry.ordinal)
    const message = this.#messageOf(call)
    if (!message) return
    const send: Send = {
      ...passageOf(entry, channel, tag),
      exchange,
      routingKey,
      ...(expirationMs === undefined ? {} : { expirationMs }),
      queues: this.#bindings.route(exchange, routingKey),
    }
    message.sends.push(send)
    if (tag > 0) book.sends.set(tag, send)
    this.#connection(entry).passages.push({ lane: 'upstream', until: entry.until, passage: send })
  }

  #delivered(entry: EntryOf<'message.delivered'>): void {
    const { channel, tag, queue, redelivered, noAck = false, call } = entry
    const book = this.#book(entry, channel, tag)
    this.#next(entry, book, 'delivered', tag)
    if (!call) return
    this.#count(call, 'delivered')
    const message = this.#messageOf(call)
    if (!message) return
    const delivery: Delivery = { ...passageOf(entry, channel, tag), queue, redelivered, noAck }
    message.deliveries.push(delivery)
    if (!noAck) book.deliveries.set(tag, delivery)
    this.#connection(entry).passages.push({ lane: 'downstream', until: entry.until, passage: delivery })
  }

  #confirmed(entry: EntryOf<'message.confirmed'>): void {
    const { channel, tag, multiple, nack, ordinal, at } = entry
    const book = this.#book(entry, channel)
    if (tag > book.published)
      this.#stray(entry, `confirms publish ${tag}, of which ${book.published} were seen`)
    for (const send of named(book.sends, tag, multiple))
      send.answer ??= { ordinal, at, how: nack ? 'nack' : 'ack' }
  }

  #acked(entry: EntryOf<'message.acked'>): void {
    const { channel, tag, multiple, how, requeue, ordinal, at } = entry
    const book = this.#book(entry, channel)
    if (tag > book.delivered)
      this.#stray(entry, `answers delivery ${tag}, of which ${book.delivered} were seen`)
    for (const delivery of named(book.deliveries, tag, multiple))
      delivery.answer = { ordinal, at, how, requeue }
  }

  #returned(entry: EntryOf<'message.returned'>): void {
    const { call, link, connection, channel, ordinal, at } = entry
    const message = call && this.messages.get(keyOf(call))
    const send = message?.sends.findLast(
      (one) =>
        one.link === link &&
        one.connection === connection &&
        one.channel === channel &&
        one.answer?.how !== 'return',
    )
    if (send) send.answer = { ordinal, at, how: 'return' }
  }

  #channelClosed(entry: EntryOf<'channel.closed'>): void {
    for (const [channel, book] of this.#connection(entry).channels)
      if (entry.channel === 0 || entry.channel === channel) book.closed = true
  }

  #connectionClosed(entry: EntryOf<'connection.closed'>): void {
    for (const { lane, until, passage } of this.#connection(entry).passages)
      passage.reached = until <= entry.forwarded[lane] ? 'yes' : 'no'
    this.#connections.delete(nameOf(entry))
  }

  #messageOf(call: CallFact): Message | undefined {
    const judged = call.judged || (call.kind === 'reply' && this.#callsByMsgId.has(call.msgId ?? ''))
    if (!judged) return undefined
    const key = keyOf(call)
    const known = this.messages.get(key)
    if (known) return known
    const message: Message = { key, call, sends: [], deliveries: [] }
    this.messages.set(key, message)
    if (call.kind === 'call' && call.msgId !== undefined) this.#callsByMsgId.set(call.msgId, message)
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

  #connection(entry: Seen): ConnectionBook {
    const name = nameOf(entry)
    const known = this.#connections.get(name)
    if (known) return known
    const made: ConnectionBook = { channels: new Map(), passages: [] }
    this.#connections.set(name, made)
    return made
  }

  /** @param tag Of what is published or delivered: a closed channel that begins at 1 again is a new one. */
  #book(entry: Seen, channel: number, tag = 0): ChannelBook {
    const { channels } = this.#connection(entry)
    const known = channels.get(channel)
    if (known && !(known.closed && tag === 1)) return known
    const made = newBook()
    channels.set(channel, made)
    return made
  }
}

interface Seen {
  ordinal: number
  link: string
  connection: number
}

const nameOf = ({ link, connection }: Seen): string => `${link}#${connection}`

const passageOf = (entry: Seen & { at: number }, channel: number, tag: number): Passage => ({
  ordinal: entry.ordinal,
  at: entry.at,
  link: entry.link,
  connection: entry.connection,
  channel,
  tag,
  reached: 'open',
})

/** What an answer names: one, or all up to it. Tag 0 names all. */
function named<T>(seen: Map<number, T>, tag: number, multiple: boolean): T[] {
  const tags = multiple ? [...seen.keys()].filter((one) => tag === 0 || one <= tag) : [tag]
  return tags.flatMap((one) => seen.get(one) ?? [])
}

/** The messages of a journal's entries. */
export function trafficOf(entries: readonly Entry[]): Traffic {
  const traffic = new Traffic()
  for (const entry of entries) traffic.see(entry)
  return traffic
}
