import type { EntryOf } from './entries.ts'
import type { LinkEvidence } from './fault-entries.ts'
import type { ScenarioFacts } from './facts.ts'
import { strikesOn } from './messages/message-strikes.ts'

/** A fault that acts on single messages. */
export const isOnMessages = ({ toxic }: Pick<EntryOf<'fault.armed'>, 'toxic'>): boolean =>
  toxic?.onMessages === true

/** What the wire tells of the messages on a fault's links to which something was done while it lasted. */
export interface Struck {
  /** Links on which it was a judged message, a reply to one, or what was answered to one. */
  links: Set<string>
  /** Executions, asked for or not, that those messages are about. */
  executions: Set<string>
}

/** What was done on these links between two entries. */
export function struckBy(
  { past }: ScenarioFacts,
  links: readonly string[],
  from: number,
  to: number,
): Struck {
  const struck: Struck = { links: new Set(), executions: new Set() }
  for (const message of past.freshMessages()) {
    const strikes = strikesOn(message).filter(
      ({ link, ordinal }) => links.includes(link) && ordinal >= from && ordinal <= to,
    )
    if (strikes.length === 0) continue
    for (const { link } of strikes) struck.links.add(link)
    const { workflow, task, action } = (past.traffic.callOf(message) ?? message).call
    for (const id of [workflow, task, action]) {
      const root = id === undefined ? undefined : past.rootOf(id)
      if (root !== undefined) struck.executions.add(root)
    }
  }
  return struck
}

/** Why a fault on messages proved nothing on a link; undefined: it struck one that mattered. */
export function whyNotStruck(
  link: string,
  { messagesStruck = 0 }: LinkEvidence,
  mattered: boolean,
): string | undefined {
  if (messagesStruck === 0) return `link ${link}: no message was struck`
  return mattered ? undefined : `link ${link}: no message of a workflow was struck, and none passed meanwhile`
}

/** What is to be said of a fault on messages that has struck none. */
export function neverFired(evidence: EntryOf<'fault.evidence'> | undefined): string {
  const links = Object.values(evidence?.links ?? {})
  const undecided = links.reduce((sum, { messagesUndecided = 0 }) => sum + messagesUndecided, 0)
  if (undecided === 0) return 'it never fired'
  return `it never fired; of ${undecided} messages it could not be told whether they were meant`
}
