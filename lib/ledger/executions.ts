import type { EntryOf } from './entries.ts'
import type { ScenarioFacts } from './facts.ts'
import { ofKind } from './facts.ts'
import { standingOf, type Known, type Standing } from './standing.ts'
import type { Tree } from './tree.ts'
import type { Finding, Word } from './verdict-document.ts'

/** What is said of an execution as a whole: exactly one of these words. */
export type ExecutionWord = Extract<
  Word,
  'finished' | 'failed' | 'waiting' | 'late' | 'stuck' | 'notStarted' | 'lost'
>

export interface JudgedExecution {
  id: string
  workflow: string
  /** The API answered 201. */
  accepted: boolean
  standing: Standing
  word: ExecutionWord
  finding: Omit<Finding, 'allowed'>
}

/** The word for each execution that the scenario asked for, by the final reading. */
export function judgeExecutions(facts: ScenarioFacts, tree: Tree, known: Known): JudgedExecution[] {
  const answers = new Map(
    ofKind(facts.judgedEntries, 'execution.answered').map((entry) => [entry.execution, entry]),
  )
  const expect = facts.asked?.expect ?? 'SUCCESS'
  return ofKind(facts.judgedEntries, 'execution.requested').map(({ execution: id, workflow, ordinal }) => {
    const answer = answers.get(id)
    const accepted = answer?.status === 201
    const standing = standingOf(tree, tree.execution(id), known)
    const word = wordFor(standing, accepted, expect)
    const evidence = [`entry ${ordinal}: asked for`, answerText(answer)]
    return {
      id,
      workflow,
      accepted,
      standing,
      word,
      finding: findingOf(word, { id, workflow, root: id }, standing, evidence),
    }
  })
}

export function findingOf(
  word: ExecutionWord,
  about: { id: string; workflow: string; root: string },
  standing: Standing,
  evidence: string[],
): JudgedExecution['finding'] {
  return {
    object: standing.blocker?.object ?? 'execution',
    id: standing.blocker?.id ?? about.id,
    execution: about.root,
    text: textOf(word, about.id, about.workflow, standing),
    evidence: [...evidence, ...standing.evidence],
  }
}

export function wordFor({ standing, state }: Standing, accepted: boolean, expect: string): ExecutionWord {
  switch (standing) {
    case 'absent':
      return accepted ? 'lost' : 'notStarted'
    case 'terminal':
      return state === expect ? 'finished' : 'failed'
    case 'moving':
      return 'late'
    case 'waiting':
    case 'stuck':
      return standing
  }
}

function textOf(word: ExecutionWord, id: string, workflow: string, { state, blocker }: Standing): string {
  const label = `execution ${id} (${workflow})`
  if (word === 'lost') return `${label} was accepted and has no row`
  if (word === 'notStarted') return `${label} was not accepted and has no row`
  return blocker ? `${label} is ${state}: ${blocker.text}` : `${label} is ${state}`
}

function answerText(answer: EntryOf<'execution.answered'> | undefined): string {
  if (!answer) return 'its start was never answered'
  const { ordinal, status, error } = answer
  return `entry ${ordinal}: ${status === undefined ? 'no answer came' : `answered ${status}`}${error ? `, ${error}` : ''}`
}
