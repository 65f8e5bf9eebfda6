import { expect } from 'chai'
import type { Verdict } from './verdict-document.ts'
import { effects, ids, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { actionRow, doneRows, executionRow, rest, scenario, taskRow, together } = story

/** The verdict on `e1` of workflow `two` with both effects and these rows at the end. */
const on = (rows: story.Rows, asked = {}): Verdict =>
  verdictOn(scenario(...effects, ...rest(rows, { asked })))

const sub = story.defined('outer', { t1: story.task({ runs: 'workflow', name: 'two', effect: false }) })

/** `e1` runs `outer`, whose task has these sub-workflow executions of `two`. */
const outer = (states: string[]): Verdict => {
  const children = states.map((state, n) => {
    const rows = doneRows(`s${n}`)
    return { ...rows, executions: [executionRow(`s${n}`, state, { task: 'e1.t1', root: 'e1' })] }
  })
  const row = {
    executions: [executionRow('e1', 'SUCCESS', { workflow: 'outer' })],
    tasks: [taskRow('e1', 't1')],
  }
  const ran = states.flatMap((_, n): story.Story =>
    ['t1', 't2'].map((task) => [100, story.effect(`s${n}`, task, { root: 'e1' })]),
  )
  return verdictOn(
    story.journalOf([
      [0, story.runBegun],
      [1, story.TWO],
      [1, sub],
      [2, story.begun()],
      [3, story.requested('e1', 'outer')],
      [4, story.answered('e1')],
      ...ran,
      ...rest(together(row, ...children)),
    ]),
  )
}

describe('the verdict on the final rows', () => {
  it('is stuck where a task or an action is open for good below an execution that has ended', () => {
    const open = {
      executions: [executionRow('e1')],
      tasks: [taskRow('e1', 't1'), taskRow('e1', 't2', 'RUNNING')],
      actions: [actionRow('e1.t1'), actionRow('e1.t2', 'RUNNING', { heartbeatAgeMs: null })],
    }
    const verdict = on(open)
    expect(words(verdict)).to.deep.equal(['stuck'])
    expect(ids(verdict, 'stuck')).to.deep.equal(['a:e1.t2'])
    const action = on({ ...open, tasks: doneRows('e1').tasks })
    expect(ids(action, 'stuck')).to.deep.equal(['a:e1.t2'])
  })

  it('is late where it can still be moved', () => {
    const { executions, tasks, actions } = doneRows('e1')
    const beating = actionRow('e1.t2', 'RUNNING', { attempt: 'm:e1.t2' })
    const verdict = on({ executions, tasks, actions: [...actions.slice(0, 1), beating] })
    expect(words(verdict)).to.deep.equal(['late'])
    expect(verdict.findings.late[0]?.text).to.include('execution e1 (two) is SUCCESS, and synchronous action')
  })

  it('is the same below an execution that was to fail', () => {
    const failed = {
      executions: [executionRow('e1', 'ERROR')],
      tasks: [taskRow('e1', 't1'), taskRow('e1', 't2', 'RUNNING')],
      actions: [actionRow('e1.t1'), actionRow('e1.t2', 'ERROR')],
    }
    expect(ids(on(failed, { expect: 'ERROR' }), 'stuck')).to.deep.equal(['e1.t2'])
  })

  it('is unexpected for a task that its workflow does not have', () => {
    const verdict = on(together(doneRows('e1'), { tasks: [taskRow('e1', 't9')] }))
    expect(words(verdict)).to.deep.equal(['unexpected'])
    expect(ids(verdict, 'unexpected')).to.deep.equal(['e1.t9'])
  })

  it('is unexpected for a task that has begun before its turn', () => {
    const { actions } = doneRows('e1')
    const verdict = on({
      executions: [executionRow('e1')],
      tasks: [taskRow('e1', 't1', 'ERROR'), taskRow('e1', 't2')],
      actions,
    })
    expect(words(verdict)).to.deep.equal(['unexpected'])
    expect(verdict.findings.unexpected[0]?.text).to.include('has begun, though not all of t1 have succeeded')
  })

  it('is repeated for a task that was created twice, also without an action', () => {
    const again = { ...taskRow('e1', 't2'), id: 'e1.t2.again' }
    const verdict = on(together(doneRows('e1'), { tasks: [again] }))
    expect(words(verdict)).to.deep.equal(['repeated'])
    expect(ids(verdict, 'repeated')).to.deep.equal(['e1/t2'])
  })

  it('is valid where the one sub-workflow has succeeded, and repeated where there were two', () => {
    expect(outer(['SUCCESS']).outcome).to.equal('valid')
    expect(words(outer(['SUCCESS', 'SUCCESS']))).to.deep.equal(['repeated'])
  })

  it('is failed where a task succeeded without its sub-workflow', () => {
    const verdict = outer(['ERROR'])
    expect(words(verdict)).to.deep.equal(['failed'])
    expect(ids(verdict, 'failed')).to.deep.equal(['e1.t1'])
  })
})
