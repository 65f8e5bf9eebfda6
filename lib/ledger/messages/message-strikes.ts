import { shortTime } from '../../util/clock.ts'
import type { Delivery, Hold, Moment, Passage, Send } from './passages.ts'
import type { Message } from './traffic.ts'

/** Something that was done to a message on its way, as the wire tells it; who did it, the wire does not tell. */
export interface StrikeSeen extends Moment {
  /** `taken out on engine-1.rabbitmq`, `its ack held back for 40 ms on executor-1.rabbitmq` */
  text: string
  link: string
}

/** A message in words, by its identity. */
export type NameOf = (identity: string) => string

const byIdentity: NameOf = (identity) => `message ${identity}`

/** What was done to a message and to the answers to it, in order. */
export function strikesOn({ sends, deliveries }: Message, nameOf: NameOf = byIdentity): StrikeSeen[] {
  return [
    ...sends.flatMap((send) => strikesOnPassage(send, 'confirm', nameOf)),
    ...deliveries.flatMap((delivery) => strikesOnPassage(delivery, 'ack', nameOf)),
  ].toSorted((a, b) => a.ordinal - b.ordinal)
}

function strikesOnPassage(passage: Send | Delivery, what: string, nameOf: NameOf): StrikeSeen[] {
  const { link, inserted, held, answer, putIn } = passage
  const strikes: StrikeSeen[] = []
  const add = ({ ordinal, at }: Moment, text: string) => void strikes.push({ ordinal, at, link, text })
  if (inserted) add(passage, `put in on ${link}`)
  if (held) add(held.withheld, holdText(held, passage, nameOf))
  if (answer?.held) add(answer.held.withheld, `its ${what} ${holdText(answer.held, passage)}`)
  if (putIn) add(putIn, `${putIn.how === 'ack' ? 'its' : 'a refusing'} ${what} put in on ${link}`)
  return strikes
}

/** `taken out on engine-1.rabbitmq`, `held back for 40 ms on engine-1.rabbitmq, overtaken by message 5b1…` */
export function holdText(
  { withheld, released, overtakenBy }: Hold,
  { link }: Passage,
  nameOf: NameOf = byIdentity,
): string {
  if (!released) return `taken out on ${link}`
  const by = overtakenBy.length === 0 ? '' : `, overtaken by ${listText(overtakenBy.map(nameOf))}`
  return `held back for ${shortTime(released.at - withheld.at)} on ${link}${by}`
}

/** `a`, `a and b`, `a, b and 3 more` */
function listText([first = '', second, ...more]: readonly string[]): string {
  if (second === undefined) return first
  return more.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${more.length} more`
}
