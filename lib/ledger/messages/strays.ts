import type { EntryOf } from '../entries.ts'
import type { ChannelBook, Seen } from './books.ts'
import { isOut } from './passages.ts'

/** An entry that does not fit those before it: something was seen that had not begun, or not seen that must have been. */
export interface Stray {
  ordinal: number
  text: string
  /** Of the message that it is about, where that can be told. */
  identity?: string
}

/** Collects what does not fit. */
export class Strays {
  readonly list: Stray[] = []
  readonly #most: number

  /** @param most So many are kept, the last ones. */
  constructor(most: number) {
    this.#most = most
  }

  add({ ordinal, link, connection }: Seen, what: string, identity?: string): void {
    const text = `entry ${ordinal}, connection ${connection} of ${link}: ${what}`
    this.list.push({ ordinal, text, ...(identity === undefined ? {} : { identity }) })
    if (this.list.length > this.#most) this.list.shift()
  }

  /** Tags go up by one. */
  next(entry: Seen, book: ChannelBook, what: 'published' | 'delivered', tag: number): void {
    if (tag !== book[what] + 1 && !book.closed)
      this.add(entry, `number ${tag} was ${what} after number ${book[what]}`)
    book[what] = tag
  }

  checkConfirm(entry: EntryOf<'message.confirmed'>, { published, closed, sends }: ChannelBook): void {
    const { tag, multiple, inserted } = entry
    const out = sends.asideOf(tag)
    if (out && !multiple && !inserted)
      this.add(entry, `publish ${tag} was confirmed, though it had been taken out`, out.identity)
    if (tag > published && !closed)
      this.add(entry, `publish ${tag} was confirmed after number ${published} was published`)
  }

  checkAck(entry: EntryOf<'message.acked'>, book: ChannelBook): void {
    const { tag, multiple, inserted } = entry
    const { delivered, deliveries, answered, closed } = book
    // A copy that was put in has a tag of its own, far above.
    const isCopy = deliveries.has(tag) || answered.has(tag)
    if (tag > delivered && !isCopy && !closed)
      this.add(entry, `delivery ${tag} was answered after number ${delivered} was delivered`)
    if (multiple || inserted) return
    if (answered.has(tag)) this.add(entry, `delivery ${tag} was answered twice`, answered.get(tag))
    const out = deliveries.asideOf(tag)
    if (out && isOut(out))
      this.add(entry, `delivery ${tag} was answered, though it had been taken out`, out.identity)
  }

  checkCopy(entry: EntryOf<'message.delivered'>, { deliveries, answered }: ChannelBook): void {
    const { tag, noAck, call } = entry
    if (!noAck && (deliveries.has(tag) || answered.has(tag)))
      this.add(entry, `delivery ${tag} was put in twice`, call?.identity)
  }
}
