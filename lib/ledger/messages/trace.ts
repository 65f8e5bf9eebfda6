import type { Entry } from '../entries.ts'
import { fatesIn, listed, type Listed } from './listing.ts'
import { trafficOf, type Message, type Traffic } from './traffic.ts'

/** One step of an execution's story. */
export type Step = { ordinal: number; at: number } & (
  | { kind: 'message'; message: Listed; evidence: string[] }
  | {
      kind: 'transaction'
      node: string
      outcome: string
      /** `update action_executions_v2`, each once. */
      touched: string[]
      statements: number
      sqlstate?: string
    }
  | { kind: 'effect'; effect: number; task: string; item: number; attempt: string }
  | { kind: 'state'; object: string; id: string; from: string | undefined; to: string }
  /** Of the whole cluster, not of this execution alone. */
  | { kind: 'fault'; text: string; begun: boolean }
  | { kind: 'node'; text: string }
)

/** The names of an execution's tasks and actions, by id. */
export type Names = ReadonlyMap<string, string>

export interface Trace {
  execution: string
  workflow: string | undefined
  steps: Step[]
  names: Names
}

/**
 * The story of one execution and its sub-workflows, in order, from a journal.
 * @returns undefined if the journal does not know the execution.
 */
export function traceOf(entries: readonly Entry[], execution: string): Trace | undefined {
  const traffic = trafficOf(entries)
  const family = familyOf(entries, traffic, execution)
  if (!family) return undefined
  const { ids, names, workflow } = family
  const messages = messageSteps(entries, traffic, ids)
  const others = otherSteps(entries, execution, ids)
  const steps = [...messages, ...others].toSorted((a, b) => a.ordinal - b.ordinal)
  const [first, last] = [steps.find(isOwn), steps.findLast(isOwn)]
  if (!first || !last) return undefined
  return {
    execution,
    workflow,
    names,
    // What befell the cluster before and after is not this execution's story.
    steps: steps.filter(({ ordinal }) => ordinal >= first.ordinal && ordinal <= last.ordinal),
  }
}

const isOwn = ({ kind }: Step): boolean => kind !== 'fault' && kind !== 'node'

interface Family {
  /** Of the execution, its sub-workflows, their tasks and actions. */
  ids: Set<string>
  names: Map<string, string>
  workflow: string | undefined
}

/** Everything that belongs to an execution: by the readings of the database, else by what messages name together. */
function familyOf(entries: readonly Entry[], traffic: Traffic, execution: string): Family | undefined {
  const ids = new Set([execution])
  const names = new Map<string, string>()
  const enter = (id: string, name: string): void => {
    ids.add(id)
    names.set(id, name)
  }
  let workflow: string | undefined
  let known = [...traffic.messages.values()].some(({ call }) => call.workflow === execution)
  for (const entry of entries) {
    if (entry.kind === 'execution.requested' && entry.execution === execution) {
      known = true
      workflow = entry.workflow
    }
    if (entry.kind !== 'database.read') continue
    for (const row of entry.executions)
      if (row.root === execution || row.id === execution) {
        enter(row.id, row.workflow)
        if (row.id === execution) [known, workflow] = [true, row.workflow]
      }
    for (const { id, name, execution: of } of entry.tasks) if (ids.has(of)) enter(id, name)
    for (const { id, task } of entry.actions) if (ids.has(task)) enter(id, names.get(task) ?? '')
  }
  for (const { call } of traffic.messages.values())
    if (call.workflow !== undefined && ids.has(call.workflow))
      for (const id of [call.task, call.action]) if (id !== undefined) ids.add(id)
  return known ? { ids, names, workflow } : undefined
}

function messageSteps(entries: readonly Entry[], traffic: Traffic, ids: Set<string>): Step[] {
  const fates = fatesIn(entries)
  const sizes = new Map<string, number>()
  for (const entry of entries)
    if ((entry.kind === 'message.published' || entry.kind === 'message.delivered') && entry.call)
      sizes.set(entry.call.identity, entry.size)
  const belongs = (message: Message): boolean => {
    const { workflow, task, action } = (traffic.callOf(message) ?? message).call
    return [workflow, task, action].some((id) => id !== undefined && ids.has(id))
  }
  return [...traffic.messages.values()].filter(belongs).map((message) => {
    const told = fates.get(message.call.identity)
    const line = listed(message, traffic, told, sizes.get(message.call.identity))
    return {
      kind: 'message',
      ordinal: line.ordinal,
      at: line.at,
      message: line,
      evidence: told?.evidence ?? [],
    }
  })
}

function otherSteps(entries: readonly Entry[], execution: string, ids: Set<string>): Step[] {
  const states = new Map<string, string>()
  const armed = new Map<string, string>()
  return entries.flatMap((entry): Step[] => {
    const { ordinal, at } = entry
    switch (entry.kind) {
      case 'transaction.ended': {
        const { link, outcome, touched, statements, sqlstate } = entry
        if (!entry.ids.some((id) => ids.has(id))) return []
        const node = link.slice(0, link.lastIndexOf('.'))
        return [
          {
            kind: 'transaction',
            ordinal,
            at,
            node,
            outcome,
            touched,
            statements,
            ...(sqlstate && { sqlstate }),
          },
        ]
      }
      case 'effect.arrived': {
        const { effect, task, item, attempt } = entry
        return entry.root === execution ? [{ kind: 'effect', ordinal, at, effect, task, item, attempt }] : []
      }
      case 'database.read':
        return [
          ...entry.executions.filter(({ id }) => ids.has(id)),
          ...entry.tasks.filter(({ id }) => ids.has(id)),
        ]
          .filter(({ id, state }) => states.get(id) !== state)
          .map((row): Step => {
            const from = states.get(row.id)
            states.set(row.id, row.state)
            const object = 'name' in row ? `task ${row.name}` : `execution ${row.workflow}`
            return { kind: 'state', ordinal, at, object, id: row.id, from, to: row.state }
          })
      case 'fault.armed': {
        armed.set(entry.fault, `${entry.text}, ${whereOf([...entry.links, ...entry.nodes])}`)
        return []
      }
      case 'fault.begun':
      case 'fault.ended': {
        const begun = entry.kind === 'fault.begun'
        return [
          {
            kind: 'fault',
            ordinal,
            at,
            text: `${entry.fault} (${armed.get(entry.fault) ?? 'not announced'})`,
            begun,
          },
        ]
      }
      case 'node.signalled':
        return [{ kind: 'node', ordinal, at, text: `${entry.node} got ${entry.signal} (${entry.why})` }]
      case 'node.exited':
        return [{ kind: 'node', ordinal, at, text: `${entry.node} ended` }]
      case 'node.ready':
        return [{ kind: 'node', ordinal, at, text: `${entry.node} answers` }]
      default:
        return []
    }
  })
}

/** `engine-1.rabbitmq and 4 more` */
const whereOf = ([first = 'nowhere', ...more]: string[]): string =>
  more.length === 0 ? first : `${first} and ${more.length} more`
