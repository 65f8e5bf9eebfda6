import type { BrokerRead, Timeouts } from '../ledger/entries.ts'
import type { Graphs } from '../ledger/owed.ts'
import { settledFor, unsettled, STEADY_OPEN_MS } from '../ledger/settle.ts'
import { standingsOf } from '../ledger/standing.ts'
import { DeadlineError, poll } from '../util/poll.ts'
import type { Faults } from './faults.ts'
import type { Observer } from './observer.ts'
import type { Session } from './session.ts'

/** How often the database is asked, which is also how finely recovery times are known. */
const LOOK_EVERY_MS = 200
/** Settling may go on for this long after the scenario's deadline: late is judged only on a system at rest. */
const SETTLE_GRACE_MS = 25_000

export interface Waiting {
  session: Session
  observer: Observer
  faults: Faults
  executions: readonly string[]
  graphs: Graphs
  timeouts: Timeouts
  deadlineMs: number
}

/** Each execution is terminal or waits for somebody, or has not moved for as long as it takes to call it stuck. */
async function untilNothingMoves(waiting: Waiting): Promise<void> {
  const { observer, executions, graphs, timeouts, deadlineMs } = waiting
  const look = async () => {
    const reading = await observer.readDatabase('waiting')
    const standings = [...standingsOf(reading, executions, { timeouts, graphs }).values()]
    const done = standings.every(({ standing }) => standing === 'terminal' || standing === 'waiting')
    const still = standings.every(({ standing }) => standing !== 'moving')
    return done || (still && settledFor([...observer.readings, reading]) >= STEADY_OPEN_MS) ? true : undefined
  }
  await pollFor(waiting, look, deadlineMs)
}

/** Waits as long as it may; what a deadline that passes means is the verdict's business. */
async function pollFor(
  { session }: Waiting,
  look: () => Promise<true | undefined>,
  deadlineMs: number,
): Promise<void> {
  const { signal } = session.plan
  try {
    await poll(look, {
      what: 'the executions come to rest',
      deadlineMs,
      everyMs: LOOK_EVERY_MS,
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
  }
}

/**
 * Waits until the run can be judged (see verdict.md, "settled"): first with the faults that last until the end,
 * then without them. Journals the last readings and whether it settled.
 */
export async function settle(waiting: Waiting): Promise<void> {
  const { session, observer, faults, executions, deadlineMs } = waiting
  const begun = session.journal.now()
  await untilNothingMoves(waiting)
  await faults.endLasting()
  const left = Math.max(0, deadlineMs - (session.journal.now() - begun))
  await untilNothingMoves({ ...waiting, deadlineMs: left })
  let missing: string[] = ['nothing was looked at']
  let broker: BrokerRead | undefined
  const look = async () => {
    const reading = await observer.readDatabase('settling')
    broker = await observer.readBroker('settled', false)
    missing = unsettled({
      readings: [...observer.readings, reading],
      broker,
      executions,
      bytesHeld: observer.bytesHeld(),
      faultsOn: faults.on,
    })
    return missing.length === 0 ? true : undefined
  }
  await pollFor(waiting, look, SETTLE_GRACE_MS)
  await observer.readDatabase('settled', true)
  if (broker !== undefined) session.record(broker)
  session.record({
    kind: 'settled',
    settled: missing.length === 0,
    text: missing.join('; '),
    bytesHeld: observer.bytesHeld(),
  })
}
