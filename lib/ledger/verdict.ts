import { countsOf } from './counts.ts'
import * as doubts from './doubts.ts'
import { arrivalsOf, type Arrivals } from './effects.ts'
import { effectFinding } from './item-findings.ts'
import type { DatabaseRead, Entry, Timeouts } from './entries.ts'
import type { AllowedWord } from './promise-entries.ts'
import { judgeExecutions } from './executions.ts'
import { Scenarios, type ScenarioFacts } from './facts.ts'
import { judgeFaults } from './faults.ts'
import { findingsOf, type Evidence } from './findings.ts'
import { byTask, itemsOf } from './items.ts'
import { accountsOf } from './messages/accounts.ts'
import { messageDoubts } from './messages/message-findings.ts'
import { deathsOf } from './surroundings.ts'
import { treeOf } from './tree.ts'
import {
  WORDS,
  type Finding,
  type Leftover,
  type Outcome,
  type Reason,
  type Verdict,
  type Word,
} from './verdict-document.ts'

/**
 * The verdict on one scenario: a pure function of the journal. Whoever judges several keeps their `Scenarios`.
 * @throws {UsageError} when the journal has no such scenario.
 */
export const judge = (entries: readonly Entry[], scenario: string): Verdict =>
  judgeFacts(new Scenarios(entries).factsOf(scenario))

export function judgeFacts(facts: ScenarioFacts): Verdict {
  const evidence = evidenceOf(facts)
  const { counts, faults, arrivals } = evidence
  const findings = findingsOf(evidence)
  const reasons = reasonsOf(evidence, findings)
  const { scenario, suite, promise } = facts.begun
  return {
    scenario,
    suite,
    promise,
    outcome: outcomeOf(reasons),
    reasons,
    counts,
    findings,
    faults: [...faults],
    leftovers: leftoversOf(arrivals),
  }
}

const NOTHING_READ: DatabaseRead = {
  kind: 'database.read',
  why: '',
  executions: [],
  tasks: [],
  actions: [],
  jobs: [],
}

/** Of a journal without its beginning, whose verdict is unknown in any case: nothing is excluded in time. */
const NO_TIMEOUTS: Timeouts = {
  rpcResponseMs: 0,
  heartbeatIntervalMs: 0,
  heartbeatBudgetMs: 0,
  firstHeartbeatMs: 0,
  schedulerPickupMs: 0,
  schedulerCapturedMs: Infinity,
  integrityFirstMs: 0,
  integrityEveryMs: 0,
}

function evidenceOf(facts: ScenarioFacts): Evidence {
  const { run, graphs } = facts.past
  const tree = treeOf(facts.reading ?? NOTHING_READ)
  const known = { timeouts: run?.timeouts ?? NO_TIMEOUTS, graphs }
  const arrivals = arrivalsOf(facts)
  // Without a reading nothing is known of any execution: that is one doubt, not so many lost ones.
  const executions = facts.reading ? judgeExecutions(facts, tree, known) : []
  const arrived = byTask(arrivals.own)
  const items = executions.flatMap(({ id }) => {
    const row = tree.execution(id)
    return row ? itemsOf(tree, row, graphs, arrived) : []
  })
  const accounts = accountsOf(facts, arrivals.own)
  const counts = countsOf(facts, executions, items, arrivals, accounts)
  return {
    facts,
    tree,
    known,
    arrivals,
    executions,
    items,
    accounts,
    counts,
    faults: judgeFaults(facts),
    deaths: deathsOf(facts),
  }
}

/** Words that hold only of a system that has come to rest; the others stay true whatever happens next. */
const NEEDS_REST: ReadonlySet<Word> = new Set(['lost', 'stuck', 'late', 'waiting', 'notStarted', 'parked'])

/** All that speaks against `valid`: what makes everything else moot, what was proven, what was not. */
function reasonsOf(
  { facts, deaths, counts, faults, accounts }: Evidence,
  findings: Record<Word, Finding[]>,
): Reason[] {
  const doubted: Reason[] = [
    ...doubts.journalDoubts(facts),
    ...doubts.harnessDoubts(facts, deaths),
    ...doubts.settlingDoubts(facts),
    ...doubts.coverageDoubts(counts),
    ...doubts.graphDoubts(facts),
    ...doubts.readingDoubts(facts),
    ...messageDoubts(accounts, facts),
    ...doubts.faultDoubts(facts, faults),
  ]
  const voiding = doubted.filter(doubts.isVoiding)
  const proven = WORDS.filter((word) => voiding.length === 0 || !NEEDS_REST.has(word)).flatMap((word) =>
    brokenBy(word, findings[word]),
  )
  return [...voiding, ...proven, ...doubted.filter((reason) => !doubts.isVoiding(reason))]
}

function brokenBy(word: Word, findings: readonly Finding[]): Reason[] {
  const broken = findings.filter(({ allowed }) => !allowed)
  const [first] = broken
  if (!first || !isAllowedWord(word)) return []
  const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : ''
  return [
    { outcome: 'invalid', word, text: `${word}: ${first.text}${more}`, ids: broken.map(({ id }) => id) },
  ]
}

const isAllowedWord = (word: Word): word is AllowedWord => word !== 'finished' && word !== 'recovered'

/**
 * A broken harness and a run that did not come to rest make everything unknown. Apart from them, what was proven
 * stays proven, whatever else could not be told.
 */
function outcomeOf(reasons: readonly Reason[]): Outcome {
  if (reasons.some(doubts.isVoiding)) return 'unknown'
  if (reasons.some(({ outcome }) => outcome === 'invalid')) return 'invalid'
  return reasons.length > 0 ? 'unknown' : 'valid'
}

const leftoversOf = ({ leftover }: Arrivals): Leftover[] =>
  leftover.map(({ arrival, scenario }) => ({
    scenario: scenario.scenario,
    suite: scenario.suite,
    finding: { ...effectFinding(arrival, `${scenario.scenario} left it behind`), allowed: true },
  }))
