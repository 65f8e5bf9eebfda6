import { groupMembers } from '../cluster/process.ts'
import { portsOwnedBy } from '../util/sockets.ts'
import type { Session } from './session.ts'

/** Attempts whose effect a node has called and whose answer it awaits now: the work that it has in hand. */
export function actionsInHand(session: Session, node: string): string[] {
  const pids = groupMembers(session.cluster.node(node).process.pid)
  const unanswered = session.effects.unanswered()
  const ports = portsOwnedBy(
    pids,
    unanswered.map(({ callerPort }) => callerPort),
  )
  return unanswered.filter(({ callerPort }) => ports.includes(callerPort)).map(({ effect }) => effect.attempt)
}
