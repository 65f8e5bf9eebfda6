import type { Arrivals } from './effects.ts'
import type { JudgedExecution } from './executions.ts'
import type { ExecutionRow } from './entries.ts'
import type { ScenarioFacts } from './facts.ts'
import {
  duplicatedAttempt,
  lostItem,
  repeatedItem,
  runsPerAttempt,
  unexpectedEffects,
} from './item-findings.ts'
import type { Item } from './items.ts'
import { readingDoubts } from './doubts.ts'
import { leftOpen } from './left-open.ts'
import type { Accounts } from './messages/accounts.ts'
import { messageFindings } from './messages/message-findings.ts'
import { standingOf, type Known } from './standing.ts'
import { forbiddenRows } from './row-findings.ts'
import { heldMessages, parkedMessages, type Deaths } from './surroundings.ts'
import type { Tree } from './tree.ts'
import { WORDS, type Counts, type FaultReport, type Finding, type Word } from './verdict-document.ts'
import { handsOfTheKilled } from './work-in-hand.ts'

type Found = Omit<Finding, 'allowed'>

/** Everything that was worked out about a scenario. */
export interface Evidence {
  facts: ScenarioFacts
  tree: Tree
  known: Known
  arrivals: Arrivals
  executions: readonly JudgedExecution[]
  items: readonly Item[]
  accounts: Accounts
  counts: Counts
  faults: readonly FaultReport[]
  deaths: Deaths
}

/** What is said, by word. */
export function findingsOf(evidence: Evidence): Record<Word, Finding[]> {
  const { facts, tree, known, arrivals, executions, items, accounts, faults, deaths } = evidence
  const found: [Word, Found][] = [
    ...executions.map(({ word, finding }): [Word, Found] => [word, finding]),
    ...leftOpen(executions, tree, known),
    // A reading that contradicts itself is no evidence against Mistral.
    ...(readingDoubts(facts).length === 0 ? forbiddenRows(executions, tree, facts.past.graphs) : []),
    ...lostItems(evidence).map((item): [Word, Found] => ['lost', lostItem(item)]),
    ...items
      .filter(({ attempts }) => attempts > 1)
      .map((item): [Word, Found] => ['repeated', repeatedItem(item)]),
    ...runsPerAttempt(arrivals.own)
      .flatMap((runs) => duplicatedAttempt(runs, items) ?? [])
      .map((finding): [Word, Found] => ['duplicated', finding]),
    ...(facts.reading ? unexpectedEffects(arrivals, tree, facts.past.graphs) : []).map(
      (finding): [Word, Found] => ['unexpected', finding],
    ),
    ...deaths.nodes.map((finding): [Word, Found] => ['unexpected', finding]),
    ...messageFindings(accounts),
    ...heldMessages(facts).map((finding): [Word, Found] => ['parked', finding]),
    ...parkedMessages(facts, accounts).map((finding): [Word, Found] => ['parked', finding]),
    ...faults.flatMap(recoveriesFrom).map((finding): [Word, Found] => ['recovered', finding]),
  ]
  const allow = new Set<Word>([...(facts.asked?.allow ?? []), 'finished', 'recovered'])
  const struck = new Set(facts.asked?.struck)
  const inHand = handsOfTheKilled(facts, facts.asked?.struckBy ?? [])
  const isAllowed = (word: Word, { object, id }: Found): boolean =>
    allow.has(word) || (object === 'message' && (struck.has(id) || (word === 'lost' && inHand.has(id))))
  const byWord = (word: Word): Finding[] =>
    found
      .filter(([said]) => said === word)
      .map(([, finding]) => ({ ...finding, allowed: isAllowed(word, finding) }))
  return Object.fromEntries(WORDS.map((word) => [word, byWord(word)])) as Record<Word, Finding[]>
}

/** Owed items that ran 0 times, in executions that will not run them any more. */
function lostItems({ items, tree, known, counts }: Evidence): Item[] {
  const rows = [...new Set(items.map(({ execution }) => execution))]
  const hasEnded = (row: ExecutionRow): boolean =>
    ['terminal', 'stuck'].includes(standingOf(tree, row, known).standing)
  const ended = new Set(rows.filter(hasEnded))
  // No effect at all, but actions that Mistral calls a success: then the endpoint is in doubt, not Mistral.
  const blind = counts.effects.covered === 0
  const doubtful = ({ graph, actions }: Item): boolean =>
    blind && graph.effect && actions.some(({ state }) => state === 'SUCCESS')
  return items.filter((item) => !item.ran && ended.has(item.execution) && !doubtful(item))
}

const recoveriesFrom = ({ fault, text, recovery }: FaultReport): Found[] =>
  Object.entries(recovery?.perExecution ?? {}).map(([id, seconds]) => ({
    object: 'execution',
    id,
    execution: id,
    text: `execution ${id} was terminal ${seconds.toFixed(1)} s after ${fault} (${text})`,
    evidence: [],
  }))
