import type { Fate } from './fates.ts'
import { isOut, settlementOf, type Delivery, type Send } from './passages.ts'
import type { Message } from './traffic.ts'
import type { World } from './world.ts'

/** What contradicts itself in what is known of a message. */
export function divergencesOf({ sends, deliveries }: Message, fate: Fate, world: World): string[] {
  const handedOn = sends.filter(({ reached }) => reached !== 'no')
  const byBroker = deliveries.filter(({ inserted }) => !inserted)
  const anew = byBroker.filter(({ redelivered }) => !redelivered)
  const queues = Math.max(1, ...handedOn.map((send) => send.queues?.length ?? 1))
  const found: string[] = []
  if (anew.length > handedOn.length * queues)
    found.push(`it was delivered ${anew.length} times and published ${handedOn.length} times`)
  if (fate === 'done' && deliveries.length === 0) found.push('its work was seen and no delivery of it')
  if (isDone(fate) && deliveries.length > 0 && deliveries.every(isOut))
    found.push('its work was seen, though every delivery of it was taken out')
  const certain = handedOn.filter(isCertain)
  // A delivery that was cut before it reached our proxy is seen only when the broker repeats it.
  const hasCome = isDone(fate) || fate === 'never reached its consumer'
  if (hasCome && deliveries.length > 0 && certain.length > byBroker.length)
    found.push(`it was published ${certain.length} times and delivered ${byBroker.length} times`)
  for (const delivery of deliveries)
    if (isOut(delivery) && isSettledUnseen(delivery, world))
      found.push(
        `its delivery, entry ${delivery.ordinal}, was taken out and never acknowledged, though the broker waits for nothing`,
      )
  for (const delivery of deliveries)
    if (
      isDone(fate) &&
      !delivery.answer &&
      !delivery.noAck &&
      !isOut(delivery) &&
      isMissing(delivery, deliveries, world)
    )
      found.push(
        delivery.reached === 'open'
          ? `its delivery, entry ${delivery.ordinal}, was never acknowledged, though the connection lives`
          : `its delivery, entry ${delivery.ordinal}, was never acknowledged, and it was not delivered again when the connection had closed`,
      )
  return found
}

/** Somebody must have acknowledged it: its connection lives, and its queue has nothing to be acknowledged. */
function isSettledUnseen(delivery: Delivery, world: World): boolean {
  const { noAck, over, queue } = delivery
  if (noAck || over || settlementOf(delivery) !== undefined) return false
  return queue !== undefined && world.queue(queue)?.unacked === 0
}

/** An acknowledgement must have been there: its connection lives, or the broker did not deliver the message again. */
function isMissing(
  { reached, queue, ordinal }: Delivery,
  deliveries: readonly Delivery[],
  world: World,
): boolean {
  if (reached === 'open') return true
  const row = queue === undefined ? undefined : world.queue(queue)
  // Where the queue has gone, or still has messages, it need not have been.
  if (reached === 'no' || !row || row.ready > 0) return false
  return !deliveries.some((other) => other.ordinal > ordinal)
}

const isDone = (fate: Fate): boolean => fate === 'done' || fate === 'done more than once'

/** The broker has it: it said so, or the connection lives. */
const isCertain = ({ answer, reached }: Send): boolean =>
  answer?.how === 'ack' || (answer === undefined && reached === 'open')
