import type { Fact } from '../ledger/entries.ts'
import type { NamedRows } from '../mistral/database.ts'
import type { NamesOf } from '../proxy/front/amqp/match.ts'
import type { ProxyEvent } from '../proxy/events.ts'
import type { LeasedToxic } from '../proxy/toxics.ts'
import type { CallIds } from '../wire/rpc/methods.ts'
import { Recent } from '../util/recent.ts'

/** While a toxic asks for names the database is read so often. */
const EVERY_MS = 100
/** Executions, tasks and actions that are remembered, the last ones. */
const MOST = 10_000

/** What is known of an execution, a task or an action. */
interface Known {
  name?: string
  /** Of a task its execution, of an action its task, of a sub-workflow's execution its task. */
  of?: string
}

/**
 * Names of what calls are about: a call has ids only, and often not all of them. They are learned from what passes, from
 * what is asked for, and, while a toxic asks for them, from the database.
 */
export class Names implements Disposable {
  readonly #executions = new Recent<string, Known>(MOST)
  readonly #tasks = new Recent<string, Known>(MOST)
  readonly #actions = new Recent<string, Known>(MOST)
  /** Toxics that ask for names, by proxy and name. */
  readonly #asking = new Set<string>()
  #read: (() => Promise<NamedRows>) | undefined
  #reading: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #onAsking: ((asks: boolean) => void) | undefined

  /** @param onAsking Told when a toxic begins to ask for names, and when none does any more. */
  constructor(onAsking?: (asks: boolean) => void) {
    this.#onAsking = onAsking
  }

  /** From now on this reads the database. */
  use(read: () => Promise<NamedRows>): void {
    this.#read = read
    this.#look()
  }

  /** Learns from what is journaled. */
  learn(fact: Fact): void {
    switch (fact.kind) {
      case 'execution.requested':
        return enter(this.#executions, fact.execution, { name: fact.workflow })
      case 'message.published':
      case 'message.delivered':
        // What has passed before is in the database.
        return fact.call && this.#asking.size > 0 ? this.#learnIds(fact.call) : undefined
      case 'transaction.ended':
        // What it has written is asked for at once: calls about it follow.
        if (this.#asking.size > 0 && fact.touched.some((what) => what.includes('_executions_v2')))
          void this.refresh()
        return
      default:
    }
  }

  /** Told of toxics as they come and go. */
  onEvent(event: ProxyEvent): void {
    const asked = this.#asking.size > 0
    const ofProxy = `${event.proxy} `
    if (event.kind === 'removed') {
      for (const key of this.#asking) if (key.startsWith(ofProxy)) this.#asking.delete(key)
    } else if ('toxic' in event) {
      const key = `${ofProxy}${event.toxic.stream} ${event.toxic.name}`
      const comes = event.kind === 'toxic.added' || event.kind === 'toxic.updated'
      if (comes && asksForNames(event.toxic)) this.#asking.add(key)
      else this.#asking.delete(key)
    } else return
    const asks = this.#asking.size > 0
    if (asks !== asked) this.#onAsking?.(asks)
    this.#look()
  }

  /** Names and ids, of the kind that is asked for, of what a call is about; undefined: they are not known. */
  readonly of: NamesOf = (kind, ids) => {
    const action = ids.action ?? ids.actions?.[0]
    if (kind === 'action')
      return action === undefined ? [] : this.#namesOf(this.#actions, ids.actions ?? [action])
    const task = ids.task ?? this.#taskOf(ids, action)
    if (kind === 'task') {
      if (task === undefined && action === undefined) return ids.workflow === undefined ? undefined : []
      return this.#namesOf(this.#tasks, [task])
    }
    return this.#namesOf(this.#executions, [
      ids.workflow ?? (task === undefined ? undefined : this.#tasks.get(task)?.of),
    ])
  }

  /** Reads the database now; one that does not answer leaves what is known. */
  refresh(): Promise<void> {
    const read = this.#read
    if (!read) return Promise.resolve()
    this.#reading ??= read()
      .then(
        (rows) => this.#enterRows(rows),
        () => {},
      )
      .finally(() => (this.#reading = undefined))
    return this.#reading
  }

  [Symbol.dispose](): void {
    this.#read = undefined
    clearInterval(this.#timer)
  }

  /** Reads as long as a toxic asks for names. */
  #look(): void {
    const isAsked = this.#read !== undefined && this.#asking.size > 0
    if (isAsked === (this.#timer !== undefined)) return
    clearInterval(this.#timer)
    this.#timer = isAsked ? setInterval(() => void this.refresh(), EVERY_MS) : undefined
    if (isAsked) void this.refresh()
  }

  #learnIds({ workflow, task, action }: CallIds): void {
    if (action !== undefined && task !== undefined) enter(this.#actions, action, { of: task })
    if (task !== undefined && workflow !== undefined) enter(this.#tasks, task, { of: workflow })
  }

  #enterRows({ executions, tasks, actions }: NamedRows): void {
    for (const { id, name, of } of executions) enter(this.#executions, id, { name, ...(of && { of }) })
    for (const { id, name, of } of tasks) enter(this.#tasks, id, { name, of })
    for (const { id, name, of } of actions) enter(this.#actions, id, { name, of })
  }

  /** The task of an action, or the one that a sub-workflow is. */
  #taskOf({ workflow }: CallIds, action: string | undefined): string | undefined {
    if (action !== undefined) return this.#actions.get(action)?.of
    return workflow === undefined ? undefined : this.#executions.get(workflow)?.of
  }

  /** undefined if the name of one is not known. */
  #namesOf(known: Map<string, Known>, ids: readonly (string | undefined)[]): string[] | undefined {
    const names: string[] = []
    for (const id of ids) {
      const name = id === undefined ? undefined : known.get(id)?.name
      if (id === undefined || name === undefined) return undefined
      names.push(id, name)
    }
    return names
  }
}

function enter(known: Map<string, Known>, id: string, more: Known): void {
  const before = known.get(id)
  if (before) Object.assign(before, more)
  else known.set(id, more)
}

const asksForNames = ({ attributes }: LeasedToxic): boolean =>
  ['workflow', 'task', 'action'].some((what) => (attributes[what] ?? '') !== '')
