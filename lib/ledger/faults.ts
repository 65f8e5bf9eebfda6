import { inSeconds } from '../util/clock.ts'
import { businessOn, type Business } from './business.ts'
import type { DatabaseRead, EntryOf, Timeouts } from './entries.ts'
import type { FaultEvidence, LinkEvidence } from './fault-entries.ts'
import { ofKind, type ScenarioFacts } from './facts.ts'
import { isOpen, owedBelow } from './owed.ts'
import { recoveryOf } from './recovery.ts'
import { isOnMessages, neverFired, struckBy, whyNotStruck, type Struck } from './struck.ts'
import { isTerminal, treeOf } from './tree.ts'
import type { FaultReport } from './verdict-document.ts'
import { workInHand } from './work-in-hand.ts'

/** A fault that lasts about as long as a time-out is decided by chance. */
const TIE_MS = 1_000

/** What each fault of the scenario did, whom it struck, and why it proved nothing if it did not. */
export const judgeFaults = (facts: ScenarioFacts): FaultReport[] =>
  ofKind(facts.judgedEntries, 'fault.armed').map((armed) => judgeFault(facts, armed))

/** Faults that have begun and are not over; one that lasts until the judging is taken off before the run settles. */
export function faultsOn({ judgedEntries }: Pick<ScenarioFacts, 'judgedEntries'>): string[] {
  const begun = new Set(ofKind(judgedEntries, 'fault.begun').map(({ fault }) => fault))
  const ended = new Set(ofKind(judgedEntries, 'fault.ended').map(({ fault }) => fault))
  return ofKind(judgedEntries, 'fault.armed')
    .filter(({ fault, extent }) => extent !== 'moment' && begun.has(fault) && !ended.has(fault))
    .map(({ fault }) => fault)
}

/** One fault's entries. */
interface Story {
  armed: EntryOf<'fault.armed'>
  begun: EntryOf<'fault.begun'> | undefined
  ended: EntryOf<'fault.ended'> | undefined
  evidence: EntryOf<'fault.evidence'> | undefined
  /** Readings of the database at its begin and its end. */
  atBegin: DatabaseRead | undefined
  atEnd: DatabaseRead | undefined
}

function storyOf({ judgedEntries }: ScenarioFacts, armed: EntryOf<'fault.armed'>): Story {
  const is = ({ fault }: { fault: string }): boolean => fault === armed.fault
  const begun = ofKind(judgedEntries, 'fault.begun').find(is)
  const ended = ofKind(judgedEntries, 'fault.ended').find(is)
  const reads = ofKind(judgedEntries, 'database.read')
  const reading = (moment: { ordinal: number } | undefined, word: string): DatabaseRead | undefined =>
    moment &&
    (reads.find(({ why }) => why === `fault ${armed.fault} ${word}`) ??
      reads.find(({ ordinal }) => ordinal > moment.ordinal))
  return {
    armed,
    begun,
    ended,
    evidence: ofKind(judgedEntries, 'fault.evidence').findLast(is),
    atBegin: reading(begun, 'begun'),
    atEnd: reading(ended, 'ended'),
  }
}

/** A target of a fault: a link or a node. */
interface Target {
  name: string
  /** It carried business traffic, or had work in hand. */
  matched: boolean
  /** The fault did something to it. */
  applied: boolean
  /** undefined: struck, with business on it. */
  whyNot: string | undefined
}

function judgeFault(facts: ScenarioFacts, armed: EntryOf<'fault.armed'>): FaultReport {
  const story = storyOf(facts, armed)
  const { begun, ended } = story
  const struckMessages = isOnMessages(armed) ? struckWhile(facts, story) : undefined
  const victims = victimsOf(facts, story, struckMessages)
  const targets = targetsOf(facts, story, victims, struckMessages)
  const struck = targets.some(({ whyNot }) => whyNot === undefined)
  const why = [
    ...untold(story),
    ...tiesOf(armed, facts.past.run?.timeouts),
    ...(victims.length > 0
      ? []
      : ['no judged execution was under way, with work owed, from its start to its end']),
    ...(struck ? [] : targets.flatMap(({ whyNot }) => whyNot ?? [])),
    ...(targets.length > 0 ? [] : ['it was set on no link and no node']),
  ]
  const whyNot = struckMessages && !begun ? [neverFired(story.evidence)] : why
  const from = armed.extent === 'span' ? ended : begun
  return {
    fault: armed.fault,
    text: armed.text,
    armed: targets.length,
    matched: targets.filter(({ matched }) => matched).length,
    applied: targets.filter(({ applied }) => applied).length,
    victims,
    whyNot,
    // There is nothing to recover from where nothing was struck.
    recovery:
      from && whyNot.length === 0 ? recoveryOf(facts, runningAt(story.atBegin, facts), from.at) : null,
  }
}

/** What the journal should say about a fault and does not. */
function untold({ armed, begun, ended, evidence, atBegin }: Story): string[] {
  if (!begun) return ['it was armed and never begun']
  return [
    ...(armed.extent === 'span' && !ended ? ['it never ended'] : []),
    ...(evidence ? [] : ['nothing says what it did']),
    ...(atBegin ? [] : ['the database was not read when it began']),
  ]
}

/** No length of a fault may be within a second of a time-out. */
function tiesOf({ durationMs, extent }: EntryOf<'fault.armed'>, timeouts: Timeouts | undefined): string[] {
  if (extent !== 'span' || durationMs === undefined || !timeouts) return []
  const { rpcResponseMs, heartbeatBudgetMs, firstHeartbeatMs, schedulerPickupMs, schedulerCapturedMs } =
    timeouts
  const configured = {
    rpc_response_timeout: rpcResponseMs,
    'the heartbeat budget': heartbeatBudgetMs,
    // Mistral counts the first heartbeat's time-out on top of the budget, never alone.
    'the first heartbeat': firstHeartbeatMs + heartbeatBudgetMs,
    pickup_job_after: schedulerPickupMs,
    captured_job_timeout: schedulerCapturedMs,
  }
  return Object.entries(configured)
    .filter(([, ms]) => Math.abs(ms - durationMs) < TIE_MS)
    .map(([name, ms]) => `it lasts ${inSeconds(durationMs)}, which ties with ${name} (${inSeconds(ms)})`)
}

function askedFor({ judgedEntries }: ScenarioFacts): Set<string> {
  return new Set(ofKind(judgedEntries, 'execution.requested').map(({ execution }) => execution))
}

function runningAt(reading: DatabaseRead | undefined, facts: ScenarioFacts): string[] {
  const asked = askedFor(facts)
  return (reading?.executions ?? [])
    .filter(({ id, state }) => state === 'RUNNING' && asked.has(id))
    .map(({ id }) => id)
}

/** What was done to messages from its begin on: a fault of a moment is armed as long as it has not ended. */
const struckWhile = (facts: ScenarioFacts, { armed, begun, ended }: Story): Struck =>
  struckBy(facts, armed.links, begun?.ordinal ?? Infinity, ended?.ordinal ?? Infinity)

/**
 * Executions that owed work when the fault began and, unless it is a moment or lasts, were still open when it ended; and
 * those of which it struck a message.
 */
function victimsOf(facts: ScenarioFacts, story: Story, struck: Struck | undefined): string[] {
  const asked = askedFor(facts)
  const owners = [...(struck?.executions ?? [])].filter((id) => asked.has(id))
  return [...new Set([...owingVictims(facts, story, asked), ...owners])]
}

function owingVictims(
  facts: ScenarioFacts,
  { armed, atBegin, atEnd }: Story,
  asked: ReadonlySet<string>,
): string[] {
  if (!atBegin) return []
  const tree = treeOf(atBegin)
  return atBegin.executions
    .filter((row) => asked.has(row.id) && !isTerminal(row))
    .filter((row) => owedBelow(tree, row, facts.past.graphs).some(isOpen))
    .map(({ id }) => id)
    .filter(
      (id) => armed.extent !== 'span' || atEnd?.executions.some((row) => row.id === id && !isTerminal(row)),
    )
}

function targetsOf(
  facts: ScenarioFacts,
  story: Story,
  victims: readonly string[],
  struck: Struck | undefined,
): Target[] {
  const { armed, begun, evidence } = story
  const hole = isBlackHole(armed) ? unseenText(facts) : undefined
  return [
    ...armed.links.map((link) => {
      const business = businessAt(facts, story, link)
      const known = evidence?.links[link]
      return struck
        ? struckByMessages(link, known, struck.links.has(link) || business.carried || business.busyCut > 0)
        : struckLink(link, known, business, hole)
    }),
    ...armed.nodes.map((name) => {
      const node = evidence?.nodes[name]
      return struckNode(name, armed.what === 'kill', node, hadWork(facts, name, node, begun, victims))
    }),
  ]
}

function businessAt(facts: ScenarioFacts, { begun, ended, evidence }: Story, link: string): Business {
  const from = begun?.ordinal ?? Infinity
  const to = ended?.ordinal ?? Infinity
  const known = evidence?.ordinal ?? to
  return businessOn(facts.judgedEntries, link, { from, to, known, told: isEmbedded(facts) })
}

const isEmbedded = ({ past }: ScenarioFacts): boolean => past.run?.toxiproxy === 'embedded'

/** It cuts its connections only when it ends, whether they had anything to carry or not. */
const isBlackHole = ({ toxic }: EntryOf<'fault.armed'>): boolean => toxic?.type === 'timeout'

/** What is to be said where nothing is known to have been swallowed. */
function unseenText(facts: ScenarioFacts): string {
  return isEmbedded(facts)
    ? 'nothing was swallowed'
    : 'nothing is known to have been swallowed (a real Toxiproxy tells all of it only with -proxy-metrics)'
}

/** @param hole For a black hole, what is to be said if it swallowed nothing. */
function struckLink(
  name: string,
  link: LinkEvidence | undefined,
  { carried, busyCut }: Business,
  hole: string | undefined,
): Target {
  if (!link) return { name, matched: false, applied: false, whyNot: `nothing is known of link ${name}` }
  const { connectionsCut, chunksDelayed, bytesDelayed, bytesDropped } = link
  const held = chunksDelayed > 0 || bytesDelayed > 0 || bytesDropped > 0
  const applied = held || connectionsCut > 0
  if (hole !== undefined && bytesDropped === 0)
    return { name, matched: false, applied, whyNot: `link ${name}: ${hole}` }
  const cutBusy = connectionsCut > 0 && busyCut > 0
  const matched = cutBusy || carried
  const whyNot = !applied
    ? `link ${name}: nothing was delayed, dropped or cut`
    : cutBusy || (held && carried)
      ? undefined
      : held
        ? `link ${name} carried neither a message of a workflow nor a transaction that writes meanwhile`
        : `link ${name}: only connections were cut, none of which had carried business traffic`
  return { name, matched, applied, whyNot }
}

/** @param matters What was struck was a workflow's, or such passed meanwhile. */
function struckByMessages(name: string, link: LinkEvidence | undefined, matters: boolean): Target {
  if (!link) return { name, matched: false, applied: false, whyNot: `nothing is known of link ${name}` }
  const applied = (link.messagesStruck ?? 0) > 0
  return { name, matched: applied && matters, applied, whyNot: whyNotStruck(name, link, matters) }
}

type NodeEvidence = FaultEvidence['nodes'][string]

/** Only an executor holds actions. What any other node has in hand the wire tells, or, where it was not read, nobody. */
function hadWork(
  facts: ScenarioFacts,
  name: string,
  node: NodeEvidence | undefined,
  begun: { ordinal: number } | undefined,
  victims: readonly string[],
): boolean {
  if (name.startsWith('executor')) return node !== undefined && node.actionsInHand.length > 0
  if (!facts.past.tapped) return victims.length > 0
  return begun !== undefined && workInHand(facts, name, begun.ordinal).length > 0
}

function struckNode(name: string, kill: boolean, node: NodeEvidence | undefined, matched: boolean): Target {
  if (!node) return { name, matched: false, applied: false, whyNot: `nothing is known of node ${name}` }
  const applied = node.signalled && (node.exited || !kill)
  const whyNot = !node.signalled
    ? `node ${name} was not signalled`
    : !applied
      ? `node ${name} did not exit`
      : !matched
        ? `node ${name} had no work in hand`
        : undefined
  return { name, matched, applied, whyNot }
}
