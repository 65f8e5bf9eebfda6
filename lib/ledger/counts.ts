import type { Arrivals } from './effects.ts'
import type { JudgedExecution, ExecutionWord } from './executions.ts'
import { ofKind, type ScenarioFacts } from './facts.ts'
import { runsPerAttempt } from './item-findings.ts'
import type { Item } from './items.ts'
import type { Accounts } from './messages/accounts.ts'
import { messageCounts } from './messages/message-findings.ts'
import type { Counts } from './verdict-document.ts'

/** The figures of a verdict. */
export function countsOf(
  { judgedEntries }: ScenarioFacts,
  executions: readonly JudgedExecution[],
  items: readonly Item[],
  { own }: Arrivals,
  accounts: Accounts,
): Counts {
  const number = (word: ExecutionWord): number => executions.filter((one) => one.word === word).length
  const runs = runsPerAttempt(own).map(({ length }) => length)
  const expected = items.filter(({ graph }) => graph.effect)
  return {
    executions: {
      started: ofKind(judgedEntries, 'execution.requested').length,
      accepted: ofKind(judgedEntries, 'execution.answered').filter(({ status }) => status === 201).length,
      finished: number('finished'),
      failed: number('failed'),
      waiting: number('waiting'),
      late: number('late'),
      stuck: number('stuck'),
      notStarted: number('notStarted'),
      lost: number('lost'),
    },
    items: { owed: items.length, ranZero: items.filter(({ ran }) => !ran).length },
    attempts: {
      total: items.reduce((sum, { attempts }) => sum + attempts, 0),
      ranOnce: runs.filter((count) => count === 1).length,
      ranMore: runs.filter((count) => count > 1).length,
    },
    effects: {
      arrived: own.length,
      expected: expected.length,
      covered: expected.filter(({ ran }) => ran).length,
    },
    messages: messageCounts(accounts),
  }
}
