import { Recent } from '../../util/recent.ts'
import type { ConnectionOpened, LaneCounts } from '../wire-entries.ts'
import type { Delivery, Passage, Send } from './passages.ts'

/** Where an entry was seen. */
export interface Seen {
  ordinal: number
  link: string
  connection: number
}

const nameOf = ({ link, connection }: Seen): string => `${link}#${connection}`

/** The judged messages of a channel by tag, and the last tags of all that were seen: they go up by one. */
export interface ChannelBook {
  sends: Recent<number, Send>
  deliveries: Recent<number, Delivery>
  published: number
  delivered: number
  /** What still comes belongs to the channel that was; one that is opened again begins at 1. */
  closed: boolean
}

const newBook = (): ChannelBook => ({
  sends: new Recent(MOST_TAGS),
  deliveries: new Recent(MOST_TAGS),
  published: 0,
  delivered: 0,
  closed: false,
})

export interface ConnectionBook {
  side: ConnectionOpened['side']
  channels: Map<number, ChannelBook>
  /** Of messages on it of which it is open whether they arrived, with where they end in their lane. */
  passages: { lane: keyof LaneCounts; until: number; passage: Passage }[]
}

/** Publishes and deliveries of a channel that are remembered: an answer that comes twice comes soon. */
const MOST_TAGS = 10_000

/** Every so many passages those are let go that have arrived. */
const SWEEP = 4096

/** What is open on each connection and channel. */
export class Books {
  readonly #connections = new Map<string, ConnectionBook>()

  connection(entry: Seen): ConnectionBook {
    const name = nameOf(entry)
    const known = this.#connections.get(name)
    if (known) return known
    const made: ConnectionBook = { side: 'node', channels: new Map(), passages: [] }
    this.#connections.set(name, made)
    return made
  }

  /** @param tag Of what is published or delivered: a closed channel that begins at 1 again is a new one. */
  channel(entry: Seen, channel: number, tag = 0): ChannelBook {
    const { channels } = this.connection(entry)
    const known = channels.get(channel)
    if (known && !(known.closed && tag === 1)) return known
    const made = newBook()
    channels.set(channel, made)
    return made
  }

  /** A passage of which it is open whether it arrives. */
  enter(entry: Seen, passage: ConnectionBook['passages'][number]): void {
    const connection = this.connection(entry)
    connection.passages.push(passage)
    if (connection.passages.length % SWEEP === 0)
      connection.passages = connection.passages.filter((one) => one.passage.reached === 'open')
  }

  close(entry: Seen): void {
    this.#connections.delete(nameOf(entry))
  }
}

/** What an answer names: one, or all up to it. Tag 0 names all. */
export function named<T>(seen: ReadonlyMap<number, T>, tag: number, multiple: boolean): T[] {
  const tags = multiple ? [...seen.keys()].filter((one) => tag === 0 || one <= tag) : [tag]
  return tags.flatMap((one) => seen.get(one) ?? [])
}
