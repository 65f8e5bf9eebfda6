import { inSeconds, shortTime } from '../../util/clock.ts'
import { holdText } from './message-strikes.ts'
import { isOut, type Delivery, type Passage, type Send } from './passages.ts'
import { nodeOf, type Message } from './traffic.ts'

/** Each publish and delivery with what became of it, in the order of the journal. */
export function storyOf({ sends, deliveries }: Message): string[] {
  const lines = [
    ...sends.map((send) => [send.ordinal, sendText(send)] as const),
    ...deliveries.map((delivery) => [delivery.ordinal, deliveryText(delivery)] as const),
  ]
  return lines.toSorted(([a], [b]) => a - b).map(([ordinal, text]) => `entry ${ordinal}: ${text}`)
}

function sendText(send: Send): string {
  const { at, link, exchange, routingKey } = send
  const by = send.inserted ? `put in on ${link}` : `published by ${nodeOf(link)}`
  return [
    `${inSeconds(at)}: ${by} to ${exchange === '' ? '' : `${exchange}/`}${routingKey}`,
    ...wayText(send),
    ...answerTexts(send, CONFIRMS),
  ].join(', ')
}

function deliveryText(delivery: Delivery): string {
  const { at, link, queue, redelivered } = delivery
  const what = delivery.inserted ? 'put in on' : redelivered ? 'delivered again to' : 'delivered to'
  const from = queue === undefined ? '' : ` from ${queue}`
  return [
    `${inSeconds(at)}: ${what} ${delivery.inserted ? link : nodeOf(link)}${from}`,
    ...wayText(delivery),
    ...answerTexts(delivery, ACKS),
  ].join(', ')
}

/** What befell it on its way. */
function wayText(passage: Passage): string[] {
  const { reached, held } = passage
  const back = held ? [holdText(held, passage)] : []
  return reached === 'no' && !isOut(passage) ? [...back, 'cut before its last byte was handed on'] : back
}

interface Words {
  said: Readonly<Record<string, string>>
  none: string
  what: string
}

const CONFIRMS: Words = {
  said: { ack: 'confirmed', nack: 'refused', return: 'returned' },
  none: 'neither confirmed nor refused',
  what: 'confirm',
}
const ACKS: Words = {
  said: { ack: 'acknowledged', nack: 'refused', reject: 'rejected' },
  none: 'not acknowledged',
  what: 'ack',
}

function answerTexts(passage: Send | Delivery, { said, none, what }: Words): string[] {
  const { at, reached, answer, putIn, inserted } = passage
  const after = (answered: { at: number }): string => `after ${shortTime(answered.at - at)}`
  const texts: string[] = []
  if (answer) texts.push(`${said[answer.how]} ${after(answer)}`)
  if (answer?.held) texts.push(`that ${what} ${holdText(answer.held, passage)}`)
  if (putIn) texts.push(`${said[putIn.how]} by a ${what} that was put in ${after(putIn)}`)
  if (texts.length > 0 || reached === 'no') return texts
  if ('noAck' in passage && passage.noAck) return ['to a consumer that acknowledges nothing']
  // Of a publish that its client has not made no confirm is told.
  return inserted && what === CONFIRMS.what ? [] : [none]
}
