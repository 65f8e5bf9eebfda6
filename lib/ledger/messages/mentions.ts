import { Recent } from '../../util/recent.ts'
import type { CallFact } from '../wire-entries.ts'

/** What published messages say of actions, each with the first entry that says so. */
export class Mentions {
  /** Actions that a heartbeat or a result named. */
  readonly heartbeats: Map<string, number>
  readonly results: Map<string, number>
  /** Actions of which a run_action was published. */
  readonly asked: Map<string, number>

  /** @param most So many of each are kept, the last ones. */
  constructor(most: number) {
    this.heartbeats = new Recent(most)
    this.results = new Recent(most)
    this.asked = new Recent(most)
  }

  note({ method, action, actions }: CallFact, ordinal: number): void {
    if (method === 'report_running_actions')
      for (const id of actions ?? []) if (!this.heartbeats.has(id)) this.heartbeats.set(id, ordinal)
    if (method === 'run_action' && action !== undefined && !this.asked.has(action))
      this.asked.set(action, ordinal)
    if (method === 'on_action_complete' && action !== undefined && !this.results.has(action))
      this.results.set(action, ordinal)
  }
}
