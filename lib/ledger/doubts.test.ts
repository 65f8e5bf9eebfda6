import { expect } from 'chai'
import type { Entry } from './entries.ts'
import { effects, renumbered, verdictOn } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { scenario, rest, effect, doneRows, runningRows, actionRow } = story

const why = (entries: Entry[]): [string, string[]] => {
  const { outcome, reasons } = verdictOn(entries)
  return [outcome, reasons.map(({ word, text }) => `${word}: ${text}`)]
}
/** A sane journal without the entries of one kind, its ordinals made whole again. */
const without = (entries: Entry[], kind: Entry['kind']): Entry[] =>
  renumbered(entries.filter((entry) => entry.kind !== kind))

describe('the verdict is unknown', () => {
  it('when the journal has a hole, or is out of order', () => {
    const sane = story.saneStory()
    const text = 'journal: the journal has a hole or is out of order at ordinal'
    expect(why(sane.toSpliced(5, 1))).to.deep.equal(['unknown', [`${text} 7`]])
    const [a, b] = [sane[5], sane[6]]
    if (!a || !b) throw new Error('too short')
    expect(why(sane.toSpliced(5, 2, b, a))).to.deep.equal(['unknown', [`${text} 7`]])
  })

  it('when the journal lacks the time-outs, or ends too early', () => {
    const sane = story.saneStory()
    expect(why(without(sane, 'run.begun'))).to.deep.equal([
      'unknown',
      ['journal: the journal does not say with which time-outs the run began'],
    ])
    const [outcome, reasons] = why(without(sane, 'judged'))
    expect(outcome).to.equal('unknown')
    expect(reasons[0]).to.equal('journal: the journal ends before the verdict was asked for')
  })

  it('when the harness failed, whatever else was found', () => {
    const failed = { kind: 'harness.failed', text: 'the disk is full' } as const
    const verdict = verdictOn(
      scenario(...effects, [250, effect('e1', 't1')], [300, failed], ...rest(doneRows('e1'))),
    )
    expect(verdict.outcome).to.equal('unknown')
    expect(verdict.reasons.map(({ word }) => word)).to.deep.equal(['harness', 'duplicated'])
  })

  it('but not when the harness failed, or a connection was unreadable, after the verdict was asked for', () => {
    const sane = story.saneStory()
    const late = { ordinal: sane.length + 1, at: 60_000, checksum: '' }
    const failed: Entry = { kind: 'harness.failed', text: 'the machine was stalled', ...late }
    expect(verdictOn([...sane, failed]).outcome).to.equal('valid')
    const link = 'engine-1.rabbitmq'
    const opaque: Entry = { kind: 'connection.opaque', link, connection: 1, reason: 'TLS', ...late }
    expect(verdictOn([...sane, opaque]).outcome).to.equal('valid')
  })

  for (const node of ['rabbitmq', 'postgres', 'epmd'])
    it(`when ${node} died by itself, a service or what one needs`, () => {
      const died = { kind: 'node.exited', node, pid: 7, code: 1, signal: null, expected: false } as const
      const stuck = { ...doneRows('e1'), executions: [story.executionRow('e1', 'RUNNING')] }
      const verdict = verdictOn(scenario(...effects, [300, died], ...rest(stuck)))
      expect(verdict.outcome).to.equal('unknown')
      expect(verdict.reasons).to.deep.equal([
        {
          outcome: 'unknown',
          word: 'harness',
          text: `${node} (pid 7) ended with status 1 though nothing had told it to`,
          ids: [node],
        },
      ])
      expect(verdict.findings.stuck).to.have.length(1)
    })

  it('when it did not settle: only what can no longer change is proven then', () => {
    const stop: story.Story = [
      [30_000, story.read('waiting', runningRows('e1'))],
      [31_000, story.broker()],
      [31_001, story.settled(false)],
      [31_002, story.asked()],
    ]
    expect(why(scenario([100, effect('e1', 't1')], ...stop))).to.deep.equal([
      'unknown',
      ['unsettled: the deadline came; the database was the same for 0 ms only, not 15000 ms'],
    ])
    const [outcome, reasons] = why(scenario([100, effect('e1', 't1')], [101, effect('e1', 't1')], ...stop))
    expect(outcome).to.equal('unknown')
    expect(reasons).to.have.length(2)
    expect(reasons[1]).to.match(/^duplicated: /)
  })

  it('when the journal says settled and its readings do not', () => {
    const hasty: story.Story = [
      [30_000, story.read('settled', runningRows('e1'))],
      [30_001, story.broker()],
      [30_002, story.settled()],
      [30_003, story.asked()],
    ]
    expect(why(scenario([100, effect('e1', 't1')], ...hasty))).to.deep.equal([
      'unknown',
      ['unsettled: the database was the same for 0 ms only, not 15000 ms'],
    ])
    const queues = story.broker([{ name: 'mistral_engine', ready: 1 }])
    expect(why(scenario(...effects, ...rest(doneRows('e1'), { queues })))).to.deep.equal([
      'unknown',
      ['unsettled: queue mistral_engine has 1 messages ready and 0 unacked'],
    ])
  })

  it('when nothing was read, and then nothing is called lost', () => {
    const sane = story.saneStory()
    expect(why(without(sane, 'database.read'))).to.deep.equal([
      'unknown',
      ['unsettled: the database was not read'],
    ])
    expect(why(without(sane, 'broker.read'))).to.deep.equal([
      'unknown',
      ['unsettled: the broker was not read'],
    ])
    expect(why(without(sane, 'settled'))).to.deep.equal([
      'unknown',
      ['unsettled: nothing says that the run has settled'],
    ])
  })

  it('when a workflow has no graph', () => {
    expect(why(without(story.saneStory(), 'workflow.defined'))).to.deep.equal([
      'unknown',
      ['evidence: the graph of workflow two is not in the journal'],
    ])
  })

  it('when the final reading has a row twice, or one that hangs on nothing', () => {
    const rows = doneRows('e1')
    const [task] = rows.tasks
    const twice = scenario(
      ...effects,
      ...rest({ ...rows, executions: [...rows.executions, ...rows.executions] }),
    )
    expect(why(twice)[1]).to.include('evidence: entry 9 has execution e1 2 times')
    const orphaned = scenario(...effects, ...rest({ ...rows, tasks: rows.tasks.slice(1) }))
    expect(why(orphaned)).to.deep.equal([
      'unknown',
      [`evidence: entry 9 lacks ${task?.id}, to which action a:e1.t1 belongs`],
    ])
  })

  it('when nothing was started', () => {
    const entries = story.journalOf([[0, story.runBegun], [1, story.begun()], ...rest({})])
    expect(why(entries)).to.deep.equal(['unknown', ['nothing: no execution was started']])
  })

  it('when no effect came though Mistral calls the actions a success: the endpoint is in doubt', () => {
    expect(why(scenario(...rest(doneRows('e1'))))).to.deep.equal([
      'unknown',
      ['effects: none of the 2 effects that the workflows owe has arrived'],
    ])
  })

  it('but not when no effect came since nothing ran', () => {
    const actions = [actionRow('e1.t1', 'RUNNING', { heartbeatAgeMs: null })]
    const [outcome, reasons] = why(scenario(...rest({ ...runningRows('e1'), actions })))
    expect(outcome).to.equal('invalid')
    expect(reasons.map((text) => text.split(':')[0])).to.deep.equal(['lost', 'stuck', 'effects'])
  })

  it('when there is no fault and the suite is not one without', () => {
    expect(why(scenario(...effects, ...rest(doneRows('e1'), { asked: { faultless: false } })))).to.deep.equal(
      ['unknown', ['fault: no fault was set, and the suite is not one without faults']],
    )
  })
})
