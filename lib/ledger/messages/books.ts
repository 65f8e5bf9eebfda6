import { Recent } from '../../util/recent.ts'
import type { ConnectionOpened } from '../wire-entries.ts'
import { LaneBook } from './lanes.ts'
import type { Delivery, Send } from './passages.ts'

/** Where an entry was seen. */
export interface Seen {
  ordinal: number
  link: string
  connection: number
}

/** Publishes and deliveries of a channel that may wait for their answer; RabbitMQ gives up long before. */
const MOST_OPEN = 10_000

/** An answer that comes twice comes soon. */
const MOST_ANSWERED = 1000

/** Publishes or deliveries of a channel that are not answered, by tag. */
export class Unanswered<P extends { tag: number }> {
  readonly #open = new Recent<number, P>(MOST_OPEN)
  /** Their other side does not answer them: it never had them, or has answered and was not heard. */
  readonly #aside = new Recent<number, P>(MOST_OPEN)

  enter(passage: P): void {
    this.#open.set(passage.tag, passage)
  }

  has(tag: number): boolean {
    return this.#open.has(tag) || this.#aside.has(tag)
  }

  /** Its other side cannot have answered it, or has done so already. */
  asideOf(tag: number): P | undefined {
    return this.#aside.get(tag)
  }

  setAside(passage: P): void {
    this.#open.delete(passage.tag)
    this.#aside.set(passage.tag, passage)
  }

  putBack(passage: P): void {
    if (this.#aside.delete(passage.tag)) this.#open.set(passage.tag, passage)
  }

  remove({ tag }: P): void {
    this.#open.delete(tag)
    this.#aside.delete(tag)
  }

  /** Takes what an answer of the other side names: one, or all up to it. Tag 0 names all. */
  take(tag: number, multiple: boolean): P[] {
    const named = namedIn(this.#open, tag, multiple)
    for (const passage of named) this.#open.delete(passage.tag)
    return named
  }

  /** What an answer names that was put in, which may be what the other side does not answer. */
  named(tag: number, multiple: boolean): P[] {
    return [...namedIn(this.#open, tag, multiple), ...namedIn(this.#aside, tag, multiple)]
  }
}

function namedIn<P>(open: ReadonlyMap<number, P>, tag: number, multiple: boolean): P[] {
  if (!multiple) {
    const found = open.get(tag)
    return found === undefined ? [] : [found]
  }
  const all: P[] = []
  for (const [one, passage] of open) {
    if (tag !== 0 && one > tag) continue
    all.push(passage)
    // A copy that was put in has a tag far above those that come behind it.
    if (one === tag) break
  }
  return all
}

/** What is open on a channel: judged messages by tag; and the last tags of all that were seen, which go up by one. */
export interface ChannelBook {
  sends: Unanswered<Send>
  deliveries: Unanswered<Delivery>
  /** Tags of deliveries that were, with their messages. */
  answered: RecentTags
  published: number
  delivered: number
  /** What still comes belongs to the channel that was; one that is opened again begins at 1. */
  closed: boolean
}

/** Of each tag its message: those that go up one by one are remembered until so many more have come. */
class RecentTags {
  readonly #tags: number[] = []
  readonly #identities: string[] = []

  has(tag: number): boolean {
    return this.#tags[tag % MOST_ANSWERED] === tag
  }

  get(tag: number): string | undefined {
    const place = tag % MOST_ANSWERED
    return this.#tags[place] === tag ? this.#identities[place] : undefined
  }

  set(tag: number, identity: string): void {
    const place = tag % MOST_ANSWERED
    this.#tags[place] = tag
    this.#identities[place] = identity
  }
}

const newBook = (): ChannelBook => ({
  sends: new Unanswered(),
  deliveries: new Unanswered(),
  answered: new RecentTags(),
  published: 0,
  delivered: 0,
  closed: false,
})

/** What is open on a connection. */
export class ConnectionBook {
  side: ConnectionOpened['side'] = 'node'
  readonly channels = new Map<number, ChannelBook>()
  readonly upstream = new LaneBook<Send, Delivery>()
  readonly downstream = new LaneBook<Delivery, Send>()

  /** @param tag Of what is published or delivered: a closed channel that begins at 1 again is a new one. */
  channel(number: number, tag = 0): ChannelBook {
    const known = this.channels.get(number)
    if (known && !(known.closed && tag === 1)) return known
    const made = newBook()
    this.channels.set(number, made)
    return made
  }
}

/** The connections that are open, by their links and numbers. */
export class Books {
  readonly #links = new Map<string, Map<number, ConnectionBook>>()
  /** The one that was asked for last: mostly it is the next one too. */
  #last: { link: string; connection: number; book: ConnectionBook } | undefined

  of({ link, connection }: Seen): ConnectionBook {
    const last = this.#last
    if (last?.connection === connection && last.link === link) return last.book
    const book = this.#of(link, connection)
    this.#last = { link, connection, book }
    return book
  }

  #of(link: string, connection: number): ConnectionBook {
    let books = this.#links.get(link)
    if (!books) this.#links.set(link, (books = new Map()))
    let book = books.get(connection)
    if (!book) books.set(connection, (book = new ConnectionBook()))
    return book
  }

  close({ link, connection }: Seen): void {
    this.#links.get(link)?.delete(connection)
    this.#last = undefined
  }
}
