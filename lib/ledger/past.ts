import { Traffic, type Message } from './messages/traffic.ts'
import type { DatabaseRead, Entry, EntryOf, Graph } from './entries.ts'

/**
 * What a journal says up to one entry: the run's facts, and what the scenarios until then have started. It is folded
 * entry by entry, so that the scenarios of a long journal are judged in one pass.
 */
export class Past {
  readonly traffic = new Traffic()
  /** By workflow. */
  readonly graphs = new Map<string, Graph>()
  /** The scenario that asked for an execution. */
  readonly owners = new Map<string, EntryOf<'scenario.begun'>>()
  /** Exits that neither a fault nor a hand nor the tear-down had asked for. */
  readonly deaths: EntryOf<'node.exited'>[] = []
  /** The first entry whose ordinal is not its predecessor's successor. */
  hole: Entry | undefined
  run: EntryOf<'run.begun'> | undefined
  /** Something of the wire is in the journal. */
  tapped = false
  /** How many entries it has seen. */
  length = 0
  readonly #roots = new Map<string, string>()
  /** Nodes that were told to end since their last start. */
  readonly #signalled = new Set<string>()
  #scenario: EntryOf<'scenario.begun'> | undefined
  #messagesBefore = 0

  see(entry: Entry): void {
    this.length += 1
    if (entry.ordinal !== this.length) this.hole ??= entry
    this.traffic.see(entry)
    switch (entry.kind) {
      case 'run.begun':
        this.run = entry
        break
      case 'workflow.defined':
        this.graphs.set(entry.workflow, entry.graph)
        break
      case 'scenario.begun':
        this.#scenario = entry
        this.#messagesBefore = this.traffic.messages.size
        break
      case 'execution.requested':
        this.#roots.set(entry.execution, entry.execution)
        if (this.#scenario) this.owners.set(entry.execution, this.#scenario)
        break
      case 'database.read':
        this.#read(entry)
        break
      case 'connection.opened':
        this.tapped = true
        break
      case 'node.started':
        this.#signalled.delete(entry.node)
        break
      case 'node.signalled':
        if (entry.signal !== 'SIGSTOP' && entry.signal !== 'SIGCONT') this.#signalled.add(entry.node)
        break
      case 'node.exited':
        if (!entry.expected && !this.#signalled.has(entry.node)) this.deaths.push(entry)
        break
      default:
    }
  }

  /** The execution that an execution, task or action belongs to, of whatever scenario. */
  rootOf(id: string): string | undefined {
    return this.#roots.get(id)
  }

  /** Messages that were first seen after the last scenario had begun. */
  *freshMessages(): Generator<Message> {
    let skipped = 0
    for (const message of this.traffic.messages.values()) {
      if (skipped >= this.#messagesBefore) yield message
      else skipped += 1
    }
  }

  /** Rows are removed between scenarios, but every reading of them is in the journal. */
  #read({ executions, tasks, actions }: DatabaseRead): void {
    const roots = this.#roots
    for (const { id, root } of executions) roots.set(id, root)
    for (const { id, execution } of tasks) roots.set(id, roots.get(execution) ?? execution)
    for (const { id, task } of actions) roots.set(id, roots.get(task) ?? task)
  }
}
