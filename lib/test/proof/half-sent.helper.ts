import type { Session } from '../../scenario/session.ts'
import { pauseFor, poll } from '../../util/poll.ts'
import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { identify } from './identity.helper.ts'
import { laneOf, type Witness, type Witnessed } from './witness.helper.ts'

/** KB/s, which are bytes per millisecond: a result of some 2000 bytes is on its way for two seconds. */
const SLOW = 1
/** The first bytes of the publish have gone on by then, and the last ones have not. */
const FIRST_CUT_MS = 100
const LAST_CUT_MS = 500

/** A publish on its way through a lane. */
interface OnItsWay {
  identity: string
  connection: number
  /** Offsets of its first byte and behind its last one. */
  offset: number
  end: number
}

/**
 * Cuts the link of a node in the middle of the next result that it sends, and leaves it cut.
 * @param when In [0, 1): how far into the publish.
 * @param begin Makes the node send the result.
 * @returns The result's identity.
 * @throws if the cut did not go through it.
 */
export async function cutResult(
  session: Session,
  seen: Witness,
  { link, when, begin }: { link: string; when: number; begin: () => void },
): Promise<string> {
  const before = new Set(resultsOn(session, seen, link).map(({ identity }) => identity))
  await session.faults.addToxic(link, {
    name: 'slow',
    type: 'bandwidth',
    stream: 'upstream',
    toxicity: 1,
    attributes: { rate: SLOW },
  })
  begin()
  const look = () => resultsOn(session, seen, link).find(({ identity }) => !before.has(identity))
  const result = await poll(look, { what: `a result on ${link}`, deadlineMs: 10_000, everyMs: 20 })
  await pauseFor(FIRST_CUT_MS + when * (LAST_CUT_MS - FIRST_CUT_MS), undefined)
  await session.faults.setEnabled(link, false)
  const sent = connectionsOn(seen, link).find(({ connection }) => connection === result.connection)?.ended
    ?.upstream.sent
  if (sent === undefined || sent <= result.offset || sent >= result.end)
    throw new Error(`the cut at ${sent} is not between ${result.offset} and ${result.end}`)
  return result.identity
}

const connectionsOn = (seen: Witness, link: string): Witnessed[] =>
  seen.connections().filter((connection) => connection.link === link)

/** The results of actions that a node has sent on connections that are open. */
function resultsOn({ plan }: Session, seen: Witness, link: string): OnItsWay[] {
  const found: OnItsWay[] = []
  for (const connection of connectionsOn(seen, link).filter(({ ended }) => !ended)) {
    const decoder = new AmqpDecoder({
      onMessage: ({ method, offset, end, content }) => {
        if (method !== 'basic.publish') return
        const told = identify(plan.rpc, content.body.toString(), content.properties)
        if (told.method !== 'on_action_complete') return
        found.push({ identity: told.identity, connection: connection.connection, offset, end })
      },
    })
    decoder.push(laneOf(connection, 'upstream'))
  }
  return found
}
