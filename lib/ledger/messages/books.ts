import { Recent } from '../../util/recent.ts'
import type { ConnectionOpened, LaneCounts } from '../wire-entries.ts'
import type { Delivery, Passage, Send } from './passages.ts'

/** Where an entry was seen. */
export interface Seen {
  ordinal: number
  link: string
  connection: number
}

/** What is open on a channel: judged messages by tag; and the last tags of all that were seen, which go up by one. */
export interface ChannelBook {
  /** Not answered yet. */
  sends: Recent<number, Send>
  deliveries: Recent<number, Delivery>
  /** Tags of deliveries that were, with their messages. */
  answered: RecentTags
  published: number
  delivered: number
  /** What still comes belongs to the channel that was; one that is opened again begins at 1. */
  closed: boolean
}

/** Publishes and deliveries of a channel that may wait for their answer; RabbitMQ gives up long before. */
const MOST_OPEN = 10_000

/** An answer that comes twice comes soon. */
const MOST_ANSWERED = 1000

/** Of each tag its message: those that go up one by one are remembered until so many more have come. */
class RecentTags {
  readonly #tags: number[] = []
  readonly #identities: string[] = []

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
  sends: new Recent(MOST_OPEN),
  deliveries: new Recent(MOST_OPEN),
  answered: new RecentTags(),
  published: 0,
  delivered: 0,
  closed: false,
})

/** Every so many passages those are let go that have arrived. */
const SWEEP = 4096
/** More messages than a lane of our proxies can have in hand, which is 8 MiB: one has at least 100 bytes with its frames. */
const MOST_IN_HAND = 100_000

/** A passage of which it is open whether it arrives, with where it ends in its lane. */
export interface Bound {
  until: number
  passage: Passage
}

/** What is open on a connection. */
export class ConnectionBook {
  side: ConnectionOpened['side'] = 'node'
  readonly channels = new Map<number, ChannelBook>()
  /** What may still be in hand of each lane, and some that has arrived. */
  readonly passages: Record<keyof LaneCounts, Bound[]> = { upstream: [], downstream: [] }

  /** @param tag Of what is published or delivered: a closed channel that begins at 1 again is a new one. */
  channel(number: number, tag = 0): ChannelBook {
    const known = this.channels.get(number)
    if (known && !(known.closed && tag === 1)) return known
    const made = newBook()
    this.channels.set(number, made)
    return made
  }

  /** A passage of which it is open whether it arrives. */
  enter(lane: keyof LaneCounts, until: number, passage: Passage): void {
    const bound = this.passages[lane]
    bound.push({ until, passage })
    if (bound.length % SWEEP !== 0) return
    const open = bound.filter((one) => one.passage.reached === 'open')
    const inHand = open.slice(-MOST_IN_HAND)
    for (const { passage: gone } of open.slice(0, open.length - inHand.length)) gone.reached = 'yes'
    this.passages[lane] = inHand
  }
}

/** The connections that are open, by their links and numbers. */
export class Books {
  readonly #links = new Map<string, Map<number, ConnectionBook>>()

  of({ link, connection }: Seen): ConnectionBook {
    let books = this.#links.get(link)
    if (!books) this.#links.set(link, (books = new Map()))
    let book = books.get(connection)
    if (!book) books.set(connection, (book = new ConnectionBook()))
    return book
  }

  close({ link, connection }: Seen): void {
    this.#links.get(link)?.delete(connection)
  }
}

/** Takes out what an answer names: one, or all up to it. Tag 0 names all. */
export function taken<T>(open: Map<number, T>, tag: number, multiple: boolean): T[] {
  if (!multiple) {
    const found = open.get(tag)
    if (found === undefined) return []
    open.delete(tag)
    return [found]
  }
  const all: T[] = []
  for (const [one, passage] of open) {
    if (tag !== 0 && one > tag) continue
    open.delete(one)
    all.push(passage)
  }
  return all
}
