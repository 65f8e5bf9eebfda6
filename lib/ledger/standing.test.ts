import { expect } from 'chai'
import type { DatabaseRead, Graph } from './entries.ts'
import { standingsOf } from './standing.ts'
import { actionRow, executionRow, job, read, runningRows, task, taskRow, TIMEOUTS } from './story.helper.ts'

const TWO: Graph = { tasks: { t1: task(), t2: task({ after: ['t1'] }) } }
const graphs = new Map<string, Graph>([
  ['two', TWO],
  ['outer', { tasks: { sub: task({ runs: 'workflow', name: 'two', effect: false }) } }],
  ['branches', { tasks: { a: task(), b: task(), last: task({ after: ['a', 'b'] }) } }],
])

function standing(rows: Partial<DatabaseRead>, timeouts = TIMEOUTS) {
  const found = standingsOf(read('settled', rows), ['e1'], { timeouts, graphs }).get('e1')
  if (!found) throw new Error('no standing')
  return found
}

const finishedChild = { ...runningRows('e1'), actions: [actionRow('e1.t1')] }
const integrityJob = job('_check_and_fix_integrity', ['e1'], { dueInMs: 60_000 })

describe('how an execution stands', () => {
  it('is absent without a row, and terminal in a terminal state', () => {
    expect(standing({}).standing).to.equal('absent')
    for (const state of ['SUCCESS', 'ERROR', 'CANCELLED']) {
      expect(standing({ executions: [executionRow('e1', state)] })).to.include({
        standing: 'terminal',
        state,
      })
    }
  })

  describe('moves while', () => {
    it('a synchronous action is within its heartbeat budget', () => {
      const { standing: word, evidence } = standing(runningRows('e1'))
      expect(word).to.equal('moving')
      expect(evidence).to.deep.equal(['synchronous action a:e1.t1 beat 1.0 s ago, the budget is 20.0 s'])
    })

    it('a synchronous action still owes its first heartbeat', () => {
      const actions = [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs: -5_000 })]
      expect(standing({ ...runningRows('e1'), actions }).evidence[0]).to.match(/owes its first beat in 5.0 s/)
    })

    it('an engine that has just started waits for a budget before it looks at heartbeats', () => {
      const actions = [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs: 39_000 })]
      expect(standing({ ...runningRows('e1'), actions }).standing).to.equal('moving')
    })

    it('heartbeats are off, when nothing tells whether an action runs', () => {
      const actions = [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs: null })]
      const off = { ...TIMEOUTS, heartbeatBudgetMs: 0 }
      expect(standing({ ...runningRows('e1'), actions }, off).standing).to.equal('moving')
    })

    it('a job names one of its tasks or actions, however late it is due', () => {
      for (const name of ['e1.t1', 'a:e1.t1']) {
        const jobs = [job('_scheduled_on_action_complete', [name], { dueInMs: 3_600_000 })]
        expect(standing({ ...finishedChild, jobs }).standing).to.equal('moving')
      }
    })

    it('a job of the default scheduler was captured by an engine that may have died', () => {
      const jobs = [job('_refresh_task_state', ['e1.t1'], { dueInMs: -60_000, capturedAgeMs: 59_000 })]
      expect(standing({ ...finishedChild, jobs }).evidence[0]).to.match(/was captured 59.0 s ago/)
    })

    it('an integrity check will look at a RUNNING task whose children have finished', () => {
      const { standing: word, evidence } = standing({ ...finishedChild, jobs: [integrityJob] })
      expect(word).to.equal('moving')
      expect(evidence[0]).to.equal('the integrity check in 60.0 s will look at task t1 (e1.t1)')
    })
  })

  it('does not move by a job or an integrity check of another execution, or of none', () => {
    const others = [job('_refresh_task_state', ['e9.t1']), job('_check_and_fix_integrity', ['e9'])]
    for (const jobs of [others, [job('_refresh_task_state', [])]])
      expect(standing({ ...finishedChild, jobs }).standing).to.equal('stuck')
  })

  it('moves by a time-out of two tasks as long as one of them is open', () => {
    const tasks = [taskRow('e1', 't1'), taskRow('e1', 't2', 'RUNNING')]
    const jobs = [job('_fail_task_if_incomplete', ['e1.t1', 'e1.t2'])]
    expect(standing({ executions: [executionRow('e1', 'RUNNING')], tasks, jobs }).standing).to.equal('moving')
  })

  it('is not moved by an integrity check while one child of its task is open', () => {
    const open = actionRow('e1.t1', 'RUNNING', { id: 'open', heartbeatAgeMs: null })
    const actions = [actionRow('e1.t1'), open]
    const { standing: word, blocker } = standing({ ...runningRows('e1'), actions, jobs: [integrityJob] })
    expect(word).to.equal('stuck')
    expect(blocker?.id).to.equal('open')
  })

  describe('is stuck when', () => {
    it('a task was never created', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING')],
        tasks: [taskRow('e1', 't1')],
        actions: [actionRow('e1.t1')],
      }
      const { standing: word, blocker, evidence } = standing({ ...rows, jobs: [integrityJob] })
      expect(word).to.equal('stuck')
      expect(blocker?.text).to.equal('execution e1 (two) owes task t2, which was never created')
      expect(evidence).to.deep.equal([
        'no synchronous action is running',
        'no job or delayed call waits for one of its 1 tasks',
        'no job is captured by an engine',
        'no RUNNING task has only finished children, so that no integrity check helps',
      ])
    })

    it('it is RUNNING although all of its tasks have finished', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING')],
        tasks: [taskRow('e1', 't1'), taskRow('e1', 't2')],
      }
      const { standing: word, blocker } = standing(rows)
      expect(word).to.equal('stuck')
      expect(blocker).to.include({ object: 'execution', id: 'e1' })
      expect(blocker?.text).to.match(/although all of its 2 tasks have finished/)
    })

    it('a task has no children, which the integrity check passes over', () => {
      const { standing: word, blocker } = standing({
        ...runningRows('e1'),
        actions: [],
        jobs: [integrityJob],
      })
      expect(word).to.equal('stuck')
      expect(blocker).to.include({ object: 'task', id: 'e1.t1' })
    })

    it('the children of a RUNNING task have finished and no integrity check is scheduled', () => {
      const { standing: word, evidence } = standing(finishedChild)
      expect(word).to.equal('stuck')
      expect(evidence[3]).to.equal('no integrity check is scheduled for e1')
    })

    it('a delayed call of the legacy scheduler was captured by an engine that has died', () => {
      const legacy = { table: 'delayed_calls_v2' as const, dueInMs: -60_000 }
      const at = (capturedAgeMs: number) => [
        job('_refresh_task_state', ['e1.t1'], { ...legacy, capturedAgeMs }),
      ]
      expect(standing({ ...finishedChild, jobs: at(3_000) }).standing).to.equal('moving')
      const { standing: word, evidence } = standing({ ...finishedChild, jobs: at(60_000) })
      expect(word).to.equal('stuck')
      expect(evidence[2]).to.match(
        /^no engine takes a captured call of the legacy scheduler again: _refresh_task_state/,
      )
    })

    it('the only job is the time-out of a task that has finished', () => {
      const jobs = [job('_fail_task_if_incomplete', ['e1.t1'], { dueInMs: 60_000 })]
      const rows = { executions: [executionRow('e1', 'RUNNING')], tasks: [taskRow('e1', 't1')], jobs }
      expect(standing(rows).standing).to.equal('stuck')
      expect(standing({ ...finishedChild, jobs }).standing).to.equal('moving')
    })

    it('a synchronous action has no heartbeat, or none that was checked for long', () => {
      for (const heartbeatAgeMs of [null, 45_000]) {
        const actions = [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs })]
        const { standing: word, blocker } = standing({ ...runningRows('e1'), actions })
        expect(word).to.equal('stuck')
        expect(blocker).to.include({ object: 'action', id: 'a:e1.t1' })
      }
    })

    it('a sub-workflow is: the deepest object is named', () => {
      const rows = {
        executions: [
          executionRow('e1', 'RUNNING', { workflow: 'outer' }),
          executionRow('e2', 'RUNNING', { task: 'e1.sub', root: 'e1' }),
        ],
        tasks: [taskRow('e1', 'sub', 'RUNNING'), taskRow('e2', 't1', 'RUNNING')],
      }
      const { standing: word, blocker } = standing(rows)
      expect(word).to.equal('stuck')
      expect(blocker).to.include({ object: 'task', id: 'e2.t1' })
    })

    it('several objects block: the deepest is named first, and then the others', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING', { workflow: 'branches' })],
        tasks: [taskRow('e1', 'a', 'RUNNING'), taskRow('e1', 'b', 'RUNNING')],
        actions: [actionRow('e1.b', 'RUNNING', { heartbeatAgeMs: null })],
      }
      const { blocker, evidence } = standing(rows)
      expect(blocker?.id).to.equal('a:e1.b')
      expect(evidence.at(-1)).to.match(/^also: task a \(e1.a\) is RUNNING and has neither/)
    })

    it('one branch is and the other waits for somebody', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING', { workflow: 'branches' })],
        tasks: [
          taskRow('e1', 'a', 'RUNNING'),
          taskRow('e1', 'b', 'RUNNING'),
          taskRow('e1', 'last', 'WAITING'),
        ],
        actions: [actionRow('e1.a', 'RUNNING', { synchronous: false })],
      }
      const { standing: word, blocker } = standing(rows)
      expect(word).to.equal('stuck')
      expect(blocker?.id).to.equal('e1.b')
    })

    it('a join that is owed waits without a job', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING', { workflow: 'branches' })],
        tasks: [taskRow('e1', 'a'), taskRow('e1', 'b'), taskRow('e1', 'last', 'WAITING')],
      }
      expect(standing(rows).blocker?.text).to.match(/^task last \(e1.last\) is WAITING and has neither/)
    })
  })

  describe('waits when', () => {
    it('it is PAUSED', () => {
      expect(
        standing({ ...runningRows('e1'), executions: [executionRow('e1', 'PAUSED')] }).standing,
      ).to.equal('waiting')
    })

    it('its sub-workflow is PAUSED', () => {
      const rows = {
        executions: [
          executionRow('e1', 'RUNNING', { workflow: 'outer' }),
          executionRow('e2', 'PAUSED', { task: 'e1.sub', root: 'e1' }),
        ],
        tasks: [taskRow('e1', 'sub', 'RUNNING')],
      }
      const { standing: word, blocker } = standing(rows)
      expect(word).to.equal('waiting')
      expect(blocker).to.include({ object: 'execution', id: 'e2' })
    })

    it('nobody completes an asynchronous action, also when a join waits for it', () => {
      const rows = {
        executions: [executionRow('e1', 'RUNNING', { workflow: 'branches' })],
        tasks: [taskRow('e1', 'a', 'RUNNING'), taskRow('e1', 'b'), taskRow('e1', 'last', 'WAITING')],
        actions: [actionRow('e1.a', 'RUNNING', { synchronous: false, heartbeatAgeMs: null })],
      }
      const { standing: word, blocker } = standing(rows)
      expect(word).to.equal('waiting')
      expect(blocker).to.include({ object: 'action', id: 'a:e1.a' })
    })
  })
})
