import { expect } from 'chai'
import { effects, ids, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { actionRow, doneRows, effect, executionRow, rest, runningRows, scenario, taskRow, together } = story

const wordsOn = (rows: story.Rows) => words(verdictOn(scenario(...effects, ...rest(rows))))

describe('the verdict says of executions', () => {
  it('finished, in the state that the suite expects', () => {
    const rows = { executions: [executionRow('e1', 'ERROR', { stateInfo: 'as planned' })] }
    const one = { ...rows, tasks: [taskRow('e1', 't1', 'ERROR')], actions: [actionRow('e1.t1', 'ERROR')] }
    const entries = scenario([100, effect('e1', 't1')], ...rest(one, { asked: { expect: 'ERROR' } }))
    expect(verdictOn(entries).outcome).to.equal('valid')
  })

  it('failed, with what Mistral says of it', () => {
    const rows = {
      ...doneRows('e1'),
      executions: [executionRow('e1', 'ERROR', { stateInfo: 'no heartbeat' })],
    }
    const verdict = verdictOn(scenario(...effects, ...rest(rows)))
    expect(verdict.outcome).to.equal('invalid')
    expect(words(verdict)).to.deep.equal(['failed'])
    expect(verdict.findings.failed[0]?.evidence).to.include('no heartbeat')
  })

  it('waiting, late and stuck', () => {
    expect(wordsOn({ ...runningRows('e1'), executions: [executionRow('e1', 'PAUSED')] })).to.deep.equal([
      'waiting',
    ])
    expect(wordsOn(runningRows('e1'))).to.deep.equal(['late'])
    expect(wordsOn({ ...doneRows('e1'), executions: [executionRow('e1', 'RUNNING')] })).to.deep.equal([
      'stuck',
    ])
  })

  it('not started, if the API did not say 201 and there is no row', () => {
    for (const status of [500, null]) {
      const start: story.Story = [
        [5, story.requested('e2')],
        [6, story.answered('e2', status)],
      ]
      const verdict = verdictOn(scenario(...start, ...effects, ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['notStarted'])
      const [finding] = verdict.findings.notStarted
      expect(finding?.text).to.equal('execution e2 (two) was not accepted and has no row')
      const answer = status === null ? 'entry 7: no answer came' : 'entry 7: answered 500, Internal error'
      expect(finding?.evidence).to.include(answer)
    }
  })

  it('lost, if the API said 201 and there is no row', () => {
    const start: story.Story = [
      [5, story.requested('e2')],
      [6, story.answered('e2')],
    ]
    const verdict = verdictOn(scenario(...start, ...effects, ...rest(doneRows('e1'))))
    expect(ids(verdict, 'lost')).to.deep.equal(['e2'])
    expect(verdict.findings.lost[0]?.text).to.equal('execution e2 (two) was accepted and has no row')
    expect(verdict.counts.executions.lost).to.equal(1)
  })

  it('finished, if it was never answered and has a row', () => {
    const entries = scenario(
      [5, story.requested('e2')],
      [6, story.answered('e2', null)],
      ...effects,
      [210, effect('e2', 't1')],
      [220, effect('e2', 't2')],
      ...rest(together(doneRows('e1'), doneRows('e2'))),
    )
    expect(verdictOn(entries).outcome).to.equal('valid')
  })
})
