import type { EntryOf } from '../entries.ts'
import type { ConnectionBook, Unanswered } from './books.ts'
import type { LaneBook } from './lanes.ts'
import { isOut, type Delivery, type Hold, type Moment, type Passage, type Send } from './passages.ts'

type Alteration = EntryOf<'message.withheld' | 'message.released'>

export interface Altered {
  /** What was taken out or let go, or what an answer is about that was. */
  passages: Passage[]
  /** Why that cannot be. */
  contradiction?: string
}

/** Something was taken out of a lane, or has gone on after all: enters it with the passages that it changes. */
export function alter(connection: ConnectionBook, entry: Alteration): Altered {
  const channelOf = ({ channel }: Passage) => connection.channel(channel)
  if (entry.stream === 'upstream')
    return alterLane<Send, Delivery>(connection.upstream, entry, {
      unanswered: (send) => channelOf(send).sends,
      // Only what the broker has heard is settled.
      answerOut: (delivery) => channelOf(delivery).deliveries.setAside(delivery),
      answerOn: (delivery) => channelOf(delivery).deliveries.remove(delivery),
    })
  return alterLane<Delivery, Send>(connection.downstream, entry, {
    unanswered: (delivery) => channelOf(delivery).deliveries,
    // The broker has confirmed it, whoever hears of that.
    answerOut: () => {},
    answerOn: () => {},
  })
}

interface Lane<P extends Passage, A> {
  unanswered(passage: P): Unanswered<P>
  answerOut(about: A): void
  answerOn(about: A): void
}

function alterLane<P extends Send | Delivery, A extends Send | Delivery>(
  book: LaneBook<P, A>,
  entry: Alteration,
  lane: Lane<P, A>,
): Altered {
  const { until, kind } = entry
  const passage = book.at(until)
  if (!passage) return alterAnswers(book.answersAt(until), entry, lane)
  const contradiction = contradictionOf(passage, entry)
  if (contradiction !== undefined) return { passages: [passage], contradiction }
  if (kind === 'message.withheld') {
    book.takeOut(passage, until, momentOf(entry))
    lane.unanswered(passage).setAside(passage)
  } else {
    book.letGo(passage, until, momentOf(entry))
    lane.unanswered(passage).putBack(passage)
  }
  return { passages: [passage] }
}

function alterAnswers<A extends Send | Delivery>(
  about: A[],
  entry: Alteration,
  { answerOut, answerOn }: Pick<Lane<never, A>, 'answerOut' | 'answerOn'>,
): Altered {
  const altered: Altered = { passages: about }
  for (const one of about) {
    const { answer } = one
    if (!answer) continue
    const contradiction = contradictionOf(answer, entry)
    if (contradiction !== undefined) altered.contradiction = contradiction
    else if (entry.kind === 'message.withheld') {
      answer.held = { withheld: momentOf(entry), overtakenBy: [] }
      answerOut(one)
    } else if (answer.held) {
      answer.held.released = momentOf(entry)
      answerOn(one)
    }
  }
  return altered
}

const momentOf = ({ ordinal, at }: Alteration): Moment => ({ ordinal, at })

/** Only what goes on is taken out, also once more where it was let go too late; only what was taken out is let go. */
function contradictionOf(one: { held?: Hold }, { kind }: Alteration): string | undefined {
  if (kind === 'message.withheld') return isOut(one) ? 'was taken out twice' : undefined
  return isOut(one) ? undefined : 'went on after all, and was not taken out'
}
