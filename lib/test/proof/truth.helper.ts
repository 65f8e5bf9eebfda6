import type { Entry } from '../../ledger/entries.ts'
import { judge } from '../../ledger/verdict.ts'
import type { Finding, Verdict } from '../../ledger/verdict-document.ts'
import { cleanState } from '../../scenario/clean.ts'
import { Run } from '../../scenario/run.ts'
import type { Session } from '../../scenario/session.ts'
import { poll } from '../../util/poll.ts'
import { seededRandom, type Random } from '../../util/random.ts'
import { cutResult } from './half-sent.helper.ts'
import { openHand, type Hand, type Held } from './hand.helper.ts'
import type { Witness } from './witness.helper.ts'

const EXECUTORS = 'mistral_executor'
const ENGINES = 'mistral_engine'
const EXECUTOR = 'executor-1'
const LINK = `${EXECUTOR}.rabbitmq`

/** What is done to the messages of one round. */
export interface RoundPlan {
  tasks: number
  /** Calls of actions that are taken out of the executors' queue. */
  lostActions: number
  /** They are taken while no executor is there. */
  executorsStopped: boolean
  /** Results that are taken out of the engines' queue. */
  lostResults: number
  /** Calls of actions that are sent to another executor once more. */
  repeatedActions: number
  /** Results that are sent to another engine once more. */
  repeatedResults: number
  /** A result whose connection is cut in the middle of it: its executor lives and sends it again, or does not. */
  cut: 'none' | 'sent again' | 'sender killed'
}

/** What was done, which the ledger is not told. */
export interface Truth {
  lost: string[]
  duplicated: string[]
}

const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1))

/** At least one message is lost and one duplicated. Under kombu nothing is cut, since a cut has it repeat actions. */
export function planRound(seed: string, rpc: string, round: number): RoundPlan {
  const random = seededRandom(seed, rpc, round)
  const oslo = rpc === 'oslo'
  const lostActions = upTo(random, 2)
  const cuts = ['none', 'sent again', 'sender killed'] as const
  return {
    tasks: 5 + upTo(random, 3),
    lostActions,
    executorsStopped: random() < 0.3,
    lostResults: lostActions === 0 ? 1 : upTo(random, 1),
    repeatedActions: 1 + upTo(random, 1),
    repeatedResults: oslo ? upTo(random, 1) : 0,
    cut: oslo ? (cuts[upTo(random, 2)] ?? 'none') : 'none',
  }
}

/** A plan in words. */
export function planText(plan: RoundPlan): string {
  const {
    tasks,
    lostActions,
    executorsStopped,
    lostResults,
    repeatedActions,
    repeatedResults,
    cut: how,
  } = plan
  const meanwhile = executorsStopped ? ' while no executor is there' : ''
  return [
    `of ${tasks} actions`,
    `${lostActions} calls${meanwhile} and ${lostResults} results are taken away`,
    `${repeatedActions} calls and ${repeatedResults} results are sent twice`,
    ...(how === 'none' ? [] : [`a result is cut half-way (${how})`]),
  ].join(', ')
}

/** One round as a scenario of its own: what was done in it, and what the ledger says without being told. */
export async function playRound(
  session: Session,
  seen: Witness,
  { scenario, plan, random }: { scenario: string; plan: RoundPlan; random: Random },
): Promise<{ truth: Truth; verdict: Verdict }> {
  await cleanState(session)
  session.record({ kind: 'scenario.begun', scenario, suite: 'truth', promise: 'names what was done' })
  const run = new Run(session, scenario)
  await run.begin()
  const truth: Truth = { lost: [], duplicated: [] }
  try {
    await using hand = await openHand(session)
    await meddle({ session, run, hand, random }, plan, truth)
    if (plan.cut !== 'none') await cut({ session, run, random }, seen, plan.cut, truth)
    await run.verdict({ faultless: true })
  } finally {
    await run.end()
    session.record({ kind: 'scenario.ended', scenario })
  }
  await session.journal.flush()
  return { truth, verdict: judge(untold(session.journal.entries()), scenario) }
}

/** A journal without any entry about faults. */
export const untold = (entries: readonly Entry[]): Entry[] =>
  entries
    .filter(({ kind }) => !kind.startsWith('fault.'))
    .map((entry, index) => ({ ...entry, ordinal: index + 1 }))

const isResult = ({ method }: Held): boolean => method === 'on_action_complete'

interface Scene {
  session: Session
  run: Run
  hand: Hand
  random: Random
}

/** Takes and repeats messages of one execution, which is then ended, since what was lost would never end it. */
async function meddle(scene: Scene, plan: RoundPlan, truth: Truth): Promise<void> {
  const { session, run, hand, random } = scene
  const { tasks, lostActions, lostResults, repeatedActions, repeatedResults } = plan
  const actions = await hand.spy(EXECUTORS)
  const results = await hand.spy(ENGINES)
  run.hold()
  const [execution = '', lost] = await startAndTake(scene, plan)
  const running = tasks - lostActions
  // Under kombu an executor takes the next action when it is done with the last.
  await run.effects(Math.min(2, running))
  const seizure = await hand.seize(ENGINES, lostResults, isResult)
  run.release()
  lost.push(...(await seizure.taken))
  truth.lost.push(...lost.map(({ identity }) => identity))
  await run.effects(running)
  await finished(session, execution, running - lostResults)

  const untouched = (copy: Held) => !lost.some(({ action }) => action === copy.action)
  const again = shuffled(random, actions.copies.filter(untouched)).slice(0, repeatedActions)
  for (const copy of again) for (const queue of queuesFor(session, EXECUTORS)) hand.send(queue, copy)
  const others = (copy: Held) => isResult(copy) && untouched(copy)
  const told = shuffled(random, results.copies.filter(others)).slice(0, repeatedResults)
  for (const copy of told) for (const queue of queuesFor(session, ENGINES)) hand.send(queue, copy)
  truth.duplicated.push(...[...again, ...told].map(({ identity }) => identity))
  await run.effects(running + repeatedActions)
  await session.rest().setExecutionState(execution, 'ERROR')
}

/** Starts the execution, and takes the first calls of its actions. */
async function startAndTake(
  { session, run, hand }: Scene,
  { tasks, lostActions, executorsStopped }: RoundPlan,
): Promise<[execution: string | undefined, taken: Held[]]> {
  const { cluster } = session
  const start = async () => (await run.start('parallel', { tasks, retries: 0 }))[0]
  if (!executorsStopped) {
    const seizure = await hand.seize(EXECUTORS, lostActions, () => true)
    return [await start(), await seizure.taken]
  }
  const names = [...cluster.nodes.values()].filter(({ kind }) => kind === 'executor').map(({ name }) => name)
  await Promise.all(names.map((name) => cluster.stop(name, 'its messages are to be taken away')))
  const execution = await start()
  const taken = await hand.get(EXECUTORS, lostActions)
  await Promise.all(names.map((name) => cluster.start('executor', name)))
  return [execution, taken]
}

/**
 * Where to send a message once more so that somebody takes it who has not seen it: a process drops what it has seen
 * under oslo, but not under kombu.
 */
function queuesFor({ cluster, plan }: Session, queue: string): string[] {
  if (plan.rpc === 'kombu') return [queue]
  const kind = queue === EXECUTORS ? 'executor' : 'engine'
  return [...cluster.nodes.values()]
    .filter((node) => node.kind === kind)
    .map(({ name }) => `${queue}.${name}`)
}

/** Cuts an executor's connection in the middle of a result. */
async function cut(
  { session, run, random }: Omit<Scene, 'hand'>,
  seen: Witness,
  how: 'sent again' | 'sender killed',
  truth: Truth,
): Promise<void> {
  const { cluster, faults } = session
  run.hold()
  const [execution = ''] = await run.start('parallel', { tasks: 2, retries: 0 })
  await run.busy(EXECUTOR)
  const begin = () => run.release()
  const identity = await cutResult(session, seen, { link: LINK, when: random(), begin })
  if (how === 'sender killed') {
    await cluster.kill(EXECUTOR, 'it has sent half a result')
    truth.lost.push(identity)
  }
  await faults.freeLaid()
  if (how === 'sent again') return finished(session, execution, 2)
  await finished(session, execution, 1)
  await session.rest().setExecutionState(execution, 'ERROR')
}

/** Resolves when so many actions of an execution are a success. */
async function finished({ database }: Session, execution: string, count: number): Promise<void> {
  let there = 0
  const look = async () => {
    const { actions } = await database.readRows([execution])
    there = actions.filter(({ state }) => state === 'SUCCESS').length
    return there >= count || undefined
  }
  const what = `${count} actions of ${execution} are a success`
  await poll(look, { what, deadlineMs: 30_000, detail: () => `${there} are` })
}

/** The same in an order that the seed decides. */
const shuffled = <T>(random: Random, all: readonly T[]): T[] =>
  all
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)

// What the ledger says.

const onMessages = ({ findings }: Verdict, word: 'lost' | 'duplicated'): Finding[] =>
  findings[word].filter(({ object }) => object === 'message')

/** Identities of the messages of which the verdict says so, sorted. */
export const named = (verdict: Verdict, word: 'lost' | 'duplicated'): string[] =>
  onMessages(verdict, word)
    .map(({ id }) => id)
    .toSorted()

/** What the ledger says of messages, with its evidence. */
export const textOf = (verdict: Verdict): string =>
  (['lost', 'duplicated'] as const)
    .flatMap((word) =>
      onMessages(verdict, word).flatMap(({ text, evidence }) => [`${word}: ${text}`, ...evidence]),
    )
    .join('\n  ')
