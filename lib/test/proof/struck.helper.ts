import type { Entry } from '../../ledger/entries.ts'
import { isOut } from '../../ledger/messages/passages.ts'
import { trafficOf, type Message } from '../../ledger/messages/traffic.ts'
import { judge } from '../../ledger/verdict.ts'
import { WORDS, type Verdict } from '../../ledger/verdict-document.ts'
import { cleanState } from '../../scenario/clean.ts'
import { allLinks } from '../../scenario/link-evidence.ts'
import { Run } from '../../scenario/run.ts'
import type { Session } from '../../scenario/session.ts'
import type { AttributeValue, Stream } from '../../toxic.ts'
import { monotonicMs } from '../../util/clock.ts'
import { poll } from '../../util/poll.ts'
import { seededRandom, type Random } from '../../util/random.ts'
import { strikeMutations } from './mutations.helper.ts'
import { untold } from './truth.helper.ts'

type Call = 'run_action' | 'on_action_complete'

/** The nth message of a method is struck on its way to the broker, or to its consumer. */
interface Strike {
  call: Call
  way: 'published' | 'delivered'
  nth: number
}

/** What toxics do to the messages of one round. */
export interface StrikePlan {
  tasks: number
  drops: Strike[]
  duplicates: Strike[]
  /** Executors to which two calls of actions come in each other's place, if they come at once. */
  reorders: string[]
}

/** Messages that toxics struck, as they tell themselves, and what must have become of them. */
export interface Struck {
  lost: string[]
  duplicated: string[]
  /** `A behind B` */
  swapped: string[]
}

/** The first goes on after so long, if no second comes: a test that waits is never near it. */
const SWAP_MS = 2000
const STRIKES_LIMIT_MS = 30_000
/** So many of each call there are, whatever is lost of others. */
const MOST_NTH = 3

const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1))
const oneOf = <T>(random: Random, all: readonly [T, ...T[]]): T => all[upTo(random, all.length - 1)] ?? all[0]

/**
 * At least one message is lost and one doubled. Under kombu results are left alone: an action that runs twice sends both
 * under one identity.
 */
export function planStrikes(seed: string, rpc: string, round: number): StrikePlan {
  const random = seededRandom(seed, rpc, round, 'strikes')
  const calls: readonly [Call, ...Call[]] =
    rpc === 'oslo' ? ['run_action', 'on_action_complete'] : ['run_action']
  const drop = (): Strike => ({
    call: oneOf(random, calls),
    way: oneOf(random, ['published', 'delivered']),
    nth: 1 + upTo(random, MOST_NTH - 1),
  })
  // No two of them double the same message. Of a call of an action the copy lies right behind in the queue, for the other
  // executor; results of several executors mix there, so that a copy is given to the other engine.
  const first = upTo(random, MOST_NTH - 1)
  const callsAt = oneOf<Strike['way']>(random, ['published', 'delivered'])
  const double = (_: unknown, index: number): Strike => {
    const call = oneOf(random, calls)
    const way = call === 'run_action' ? callsAt : 'delivered'
    return { call, way, nth: 1 + ((first + index) % MOST_NTH) }
  }
  return {
    tasks: 7 + upTo(random, 3),
    drops: Array.from({ length: 1 + upTo(random, 2) }, drop),
    duplicates: Array.from({ length: 1 + upTo(random, 1) }, double),
    reorders: ['executor-1', 'executor-2'].slice(upTo(random, 2)),
  }
}

const strikeText = ({ call, way, nth }: Strike): string => `${call} ${nth} ${way}`

/** A plan in words. */
export function strikesText({ tasks, drops, duplicates, reorders }: StrikePlan): string {
  return [
    `of ${tasks} actions`,
    `lost: ${drops.map(strikeText).join(', ')}`,
    `doubled: ${duplicates.map(strikeText).join(', ')}`,
    `swapped: ${reorders.length === 0 ? 'none' : `at ${reorders.join(', ')}`}`,
  ].join('; ')
}

/** One round as a scenario of its own: what the toxics say that they did, and what the ledger says without being told. */
export async function playStrikes(
  session: Session,
  scenario: string,
  plan: StrikePlan,
): Promise<{ truth: Struck; verdict: Verdict; swapped: string[]; unnoticed: string[] }> {
  await cleanState(session)
  session.record({ kind: 'scenario.begun', scenario, suite: 'truth', promise: 'names what was done' })
  const run = new Run(session, scenario)
  await run.begin()
  await session.journal.flush()
  const from = session.journal.entries().length
  let truth: Struck
  await using armed = await armPlan(session, plan)
  try {
    const [execution = ''] = await run.start('parallel', { tasks: plan.tasks, retries: 0 })
    await armed.fired()
    await quiet(session, from)
    // What was lost would never end it.
    await session.rest().setExecutionState(execution, 'ERROR')
    truth = armed.truth()
    await run.verdict({ faultless: true })
  } finally {
    await run.end()
    session.record({ kind: 'scenario.ended', scenario })
  }
  await session.journal.flush()
  const entries = untold(session.journal.entries())
  const swapped = swappedIn(entries.slice(from))
    // A second copy of what was doubled goes by as nobody's second one.
    .filter(({ by, text }) => truth.swapped.includes(text) || !armed.doubled().has(by))
    .map(({ text }) => text)
  return { truth, verdict: judge(entries, scenario), swapped, unnoticed: unnoticedIn(entries, scenario) }
}

/** What is said of messages, without ordinals. */
const said = ({ findings, reasons }: Verdict): string =>
  [...WORDS.flatMap((word) => findings[word]), ...reasons]
    .map(({ text }) => text.replaceAll(/entry \d+/g, 'entry'))
    .join('\n')

/** Falsifications of what was done to messages that the verdict does not tell. */
function unnoticedIn(entries: readonly Entry[], scenario: string): string[] {
  const before = said(judge(entries, scenario))
  return [...strikeMutations(entries, scenario)].flatMap(({ what, about, entries: mutated, mayPass }) => {
    const verdict = judge(mutated, scenario)
    const isNamed = verdict.reasons.some(({ ids }) => ids.some((id) => about.includes(id) || Number(id) > 0))
    return mayPass || (isNamed && said(verdict) !== before) ? [] : [`${what}, of ${about.join()}`]
  })
}

/** `A behind B` of every message that another overtook, by the ledger. */
function swappedIn(entries: readonly Entry[]): { by: string; text: string }[] {
  const messages = [...trafficOf(entries).messages.values()]
  return messages
    .flatMap(({ call, deliveries }) =>
      deliveries.flatMap(({ held }) =>
        (held?.overtakenBy ?? []).map((by) => ({ by, text: behind(call.identity, by) })),
      ),
    )
    .toSorted((a, b) => (a.text < b.text ? -1 : 1))
}

const behind = (first: string, second: string): string => `${first} behind ${second}`

/** Nothing is under way any more: what was published has come, and was answered. */
async function quiet({ journal }: Session, from: number): Promise<void> {
  let left = 'nothing was seen'
  const look = async () => {
    await journal.flush()
    const { messages } = trafficOf(journal.entries().slice(from))
    const open = [...messages.values()].filter(isUnderWay)
    const actions = [...messages.values()].filter(({ call }) => call.method === 'run_action')
    const without = actions.filter((action) => isWithoutResult(action, messages))
    left = [...open, ...without].map(({ call }) => `${call.method} ${call.identity}`).join(', ')
    return (actions.length > 0 && left === '') || undefined
  }
  const what = 'every message that was not taken out was delivered and answered'
  await poll(look, { what, deadlineMs: STRIKES_LIMIT_MS, detail: () => left })
}

const isUnderWay = ({ sends, deliveries }: Message): boolean =>
  sends.filter((send) => !isOut(send)).length > deliveries.length ||
  deliveries.some((one) => one.answer === undefined && !one.noAck && !isOut(one))

/** An executor that was given it has not sent its result: each that was has its own. */
function isWithoutResult({ call, deliveries }: Message, messages: ReadonlyMap<string, Message>): boolean {
  const given = new Set(deliveries.filter((one) => !isOut(one)).map(({ link }) => link))
  const results = [...messages.values()].filter(
    (other) => other.call.method === 'on_action_complete' && other.call.action === call.action,
  )
  const sent = new Set(results.flatMap(({ sends }) => sends.map(({ link }) => link)))
  return [...given].some((link) => !sent.has(link))
}

// The toxics.

interface Armed extends AsyncDisposable {
  /** Resolves when each has struck, but for those that swap, which may have nothing to. */
  fired(): Promise<void>
  truth(): Struck
  /** Identities of what was doubled. */
  doubled(): Set<string>
}

interface Hit {
  link: string
  identity: string
  at: number
}

async function armPlan(session: Session, plan: StrikePlan): Promise<Armed> {
  const armed: { name: string; links: string[] }[] = []
  const hits = new Map<string, Hit[]>()
  const arm = async (
    name: string,
    type: string,
    links: string[],
    stream: Stream,
    attributes: Record<string, AttributeValue>,
  ) => {
    const own: Hit[] = []
    hits.set(name, own)
    armed.push({ name, links })
    session.strikes.set(
      name,
      ({ link, identity = '' }) => void own.push({ link, identity, at: monotonicMs() }),
    )
    for (const link of links)
      await session.own.addToxic(link, {
        name,
        type,
        stream,
        toxicity: 1,
        attributes: { ...attributes, group: name },
      })
  }
  const strikes = async (kind: string, type: string, all: readonly Strike[]) => {
    for (const [index, { call, way, nth }] of all.entries()) {
      const method = way === 'published' ? 'basic.publish' : 'basic.deliver'
      const stream = way === 'published' ? 'upstream' : 'downstream'
      const attributes = { call, method, nth, ...(type === 'amqp_duplicate' && { to: 'other' }) }
      await arm(`${kind}-${index + 1}`, type, linksOf(session, call, way), stream, attributes)
    }
  }
  await strikes('drop', 'amqp_drop', plan.drops)
  await strikes('double', 'amqp_duplicate', plan.duplicates)
  for (const node of plan.reorders)
    await arm(`swap-${node}`, 'amqp_reorder', [`${node}.rabbitmq`], 'downstream', {
      call: 'run_action',
      method: 'basic.deliver',
      count: 2,
      timeout: SWAP_MS,
    })
  const of = (kind: string): Hit[] => [...hits].flatMap(([name, own]) => (name.startsWith(kind) ? own : []))
  return {
    fired: () => allFired(hits),
    doubled: () => new Set(of('double').map(({ identity }) => identity)),
    truth: () =>
      truthOf(
        of('drop'),
        of('double'),
        plan.reorders.map((node) => of(`swap-${node}`)),
      ),
    [Symbol.asyncDispose]: async () => {
      for (const { name, links } of armed) {
        session.strikes.delete(name)
        for (const link of links) await session.own.removeToxic(link, name)
      }
    },
  }
}

async function allFired(hits: ReadonlyMap<string, readonly Hit[]>): Promise<void> {
  const waiting = () =>
    [...hits].filter(([name, own]) => own.length === 0 && !name.startsWith('swap')).map(([name]) => name)
  await poll(() => waiting().length === 0 || undefined, {
    what: 'every toxic strikes a message',
    deadlineMs: STRIKES_LIMIT_MS,
    everyMs: 20,
    detail: () => waiting().join(', '),
  })
}

/** Where messages of a method pass: engines ask for actions, and executors tell of them. */
function linksOf(session: Session, call: Call, way: Strike['way']): string[] {
  const node = (call === 'run_action') === (way === 'published') ? 'engine' : 'executor'
  return allLinks(session).filter((link) => link.startsWith(node) && link.endsWith('.rabbitmq'))
}

/** A message that was doubled and of which one was lost was done once. */
function truthOf(drops: readonly Hit[], doubles: readonly Hit[], swaps: readonly Hit[][]): Struck {
  const count = (hits: readonly Hit[], one: string) => hits.filter(({ identity }) => identity === one).length
  const all = new Set([...drops, ...doubles].map(({ identity }) => identity))
  const arrived = (one: string): number => 1 + count(doubles, one) - count(drops, one)
  return {
    lost: [...all].filter((one) => arrived(one) === 0).toSorted(),
    duplicated: [...all].filter((one) => arrived(one) > 1).toSorted(),
    swapped: swaps
      .flatMap(([first, second]) =>
        first && second && second.at - first.at < SWAP_MS ? [behind(first.identity, second.identity)] : [],
      )
      .toSorted(),
  }
}
