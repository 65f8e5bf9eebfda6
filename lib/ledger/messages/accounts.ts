import type { Arrival } from '../effects.ts'
import { ofKind, type ScenarioFacts } from '../facts.ts'
import { fateOf, type MessageFate } from './fates.ts'
import type { Message, Traffic } from './traffic.ts'
import { worldOf, type World } from './world.ts'

/** The messages of one scenario, each with its fate. */
export interface Accounts {
  /** false: nothing of the wire is in the journal, so that nothing is said of messages. */
  tapped: boolean
  /** Of what the scenario started. */
  own: MessageFate[]
  /** Of nothing that this run started. */
  foreign: MessageFate[]
  /** What in the journal contradicts itself, and what was not there though another source shows that it was. */
  divergences: Divergence[]
}

export interface Divergence {
  /** The journal's entry at which it shows. */
  ordinal: number
  /** With what each source says. */
  text: string
  ids: string[]
}

/** Accounts for every judged message that was first seen until the scenario had settled. */
export function accountsOf(facts: ScenarioFacts, arrivals: readonly Arrival[]): Accounts {
  const { begun, judgedEntries, past } = facts
  const { traffic, tapped } = past
  if (!tapped) return { tapped, own: [], foreign: [], divergences: [] }
  const world = worldOf(facts, arrivals)
  const roots = new Set(ofKind(judgedEntries, 'execution.requested').map(({ execution }) => execution))
  const own: MessageFate[] = []
  const foreign: MessageFate[] = []
  for (const message of past.freshMessages()) {
    const root = rootOf(message, traffic, world)
    if (root !== undefined && roots.has(root)) own.push(fateOf(message, traffic, world))
    else if (root === undefined && namesAnything(message, traffic))
      foreign.push(fateOf(message, traffic, world))
  }
  return {
    tapped,
    own,
    foreign,
    divergences: [
      ...own.flatMap(ownDivergences),
      ...traffic.strays
        .filter(({ ordinal }) => ordinal >= begun.ordinal)
        .map(({ ordinal, text, identity }) => ({ ordinal, text, ids: [identity ?? String(ordinal)] })),
      ...unseenWork(own, facts, world),
    ].toSorted((a, b) => a.ordinal - b.ordinal),
  }
}

const ownDivergences = ({ message, divergences, evidence }: MessageFate): Divergence[] =>
  divergences.map((what) => ({
    ordinal: firstOf(message),
    text: `${labelOf(message)}: ${what} (${evidence().join('; ')})`,
    ids: [message.call.identity],
  }))

const firstOf = ({ sends, deliveries }: Message): number =>
  Math.min(...[...sends, ...deliveries].map(({ ordinal }) => ordinal))

/** `run_action (action 5b1…)`, as people read it. */
export function labelOf({ call }: Message): string {
  const { kind, method, action, task, workflow, identity } = call
  const named = [
    ['action', action],
    ['task', task],
    ['execution', workflow],
  ].find(([, id]) => id !== undefined)
  const about = named ? `${named[0]} ${named[1]}, ` : ''
  return `${kind === 'reply' ? 'reply' : method} (${about}message ${identity})`
}

/** The judged execution that a message is about, by whatever it names; a reply by its call. */
function rootOf(message: Message, traffic: Traffic, world: World): string | undefined {
  const { call } = traffic.callOf(message) ?? message
  for (const id of idsOf(call)) {
    const root = world.rootOf(id)
    if (root !== undefined) return root
  }
  return undefined
}

const idsOf = ({ workflow, task, action }: Message['call']): string[] =>
  [workflow, task, action].filter((id) => id !== undefined)

const namesAnything = (message: Message, traffic: Traffic): boolean =>
  idsOf((traffic.callOf(message) ?? message).call).length > 0

/** Work that the effects or the database show, and that no message on the wire asked for. */
function unseenWork(
  own: readonly MessageFate[],
  { reading, judgedEntries }: ScenarioFacts,
  world: World,
): Divergence[] {
  if (!reading) return []
  const seen = (method: string, id: (call: Message['call']) => string | undefined): Set<string | undefined> =>
    new Set(
      own.flatMap(({ message: { call, deliveries } }) =>
        call.method === method && deliveries.length > 0 ? [id(call)] : [],
      ),
    )
  const delivered = seen('run_action', ({ action }) => action)
  const started = seen('start_workflow', ({ workflow }) => workflow)
  const actions = reading.actions.filter(
    (action) => world.runsOf(action).length > 0 && !delivered.has(action.id),
  )
  const executions = ofKind(judgedEntries, 'execution.requested').filter(
    ({ execution }) => world.execution(execution) !== undefined && !started.has(execution),
  )
  return [
    ...executions.map(({ ordinal, execution }) => ({
      ordinal,
      text: `execution ${execution} has a row, and no delivery of its start_workflow was seen`,
      ids: [execution],
    })),
    ...actions.map((action) => ({
      ordinal: world.runsOf(action)[0]?.ordinal ?? reading.ordinal,
      text: `action ${action.id} ran, and no delivery of its run_action was seen`,
      ids: [action.id],
    })),
  ]
}
