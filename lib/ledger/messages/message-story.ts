import { inSeconds } from '../../util/clock.ts'
import type { Delivery, Send } from './passages.ts'
import { nodeOf, type Message } from './traffic.ts'

/** Each publish and delivery with what became of it, in the order of the journal. */
export function storyOf({ sends, deliveries }: Message): string[] {
  const lines = [
    ...sends.map((send) => [send.ordinal, sendText(send)] as const),
    ...deliveries.map((delivery) => [delivery.ordinal, deliveryText(delivery)] as const),
  ]
  return lines.toSorted(([a], [b]) => a - b).map(([ordinal, text]) => `entry ${ordinal}: ${text}`)
}

function sendText({ at, link, exchange, routingKey, reached, answer }: Send): string {
  const where = `${inSeconds(at)}: published by ${nodeOf(link)} to ${exchange === '' ? '' : `${exchange}/`}${routingKey}`
  if (reached === 'no') return `${where}, cut before its last byte was handed on`
  if (!answer) return `${where}, neither confirmed nor refused`
  const said = { ack: 'confirmed', nack: 'refused', return: 'returned' }[answer.how]
  return `${where}, ${said} after ${shortTime(answer.at - at)}`
}

function deliveryText({ at, link, queue, redelivered, reached, noAck, answer }: Delivery): string {
  const what = redelivered ? 'delivered again' : 'delivered'
  const where = `${inSeconds(at)}: ${what} to ${nodeOf(link)}${queue === undefined ? '' : ` from ${queue}`}`
  if (reached === 'no') return `${where}, cut before its last byte was handed on`
  if (noAck) return `${where}, to a consumer that acknowledges nothing`
  if (!answer) return `${where}, not acknowledged`
  const said = { ack: 'acknowledged', nack: 'refused', reject: 'rejected' }[answer.how]
  return `${where}, ${said} after ${shortTime(answer.at - at)}`
}

/** `4 ms`, from one second on `1.2 s`. */
const shortTime = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : inSeconds(ms))
