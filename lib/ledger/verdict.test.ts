import { expect } from 'chai'
import { UsageError } from '../util/errors.ts'
import type { Entry } from './entries.ts'
import { Scenarios } from './facts.ts'
import { effects, ids, renumbered, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'
import { judge, judgeFacts } from './verdict.ts'

const { actionRow, doneRows, effect, executionRow, rest, runningRows, scenario, taskRow } = story

describe('the verdict', () => {
  it('on a sane run is valid, with figures', () => {
    const verdict = verdictOn(story.saneStory())
    expect(verdict).to.include({ scenario: 's/1', suite: 's', outcome: 'valid' })
    expect(verdict.reasons).to.deep.equal([])
    expect(verdict.counts.executions).to.include({ started: 1, accepted: 1, finished: 1, stuck: 0 })
    expect(verdict.counts.items).to.deep.equal({ owed: 2, ranZero: 0 })
    expect(verdict.counts.attempts).to.deep.equal({ total: 2, ranOnce: 2, ranMore: 0 })
    expect(verdict.counts.effects).to.deep.equal({ arrived: 2, expected: 2, covered: 2 })
    expect(ids(verdict, 'finished')).to.deep.equal(['e1'])
  })

  it('needs a scenario that the journal has', () => {
    expect(() => judge(story.saneStory(), 's/2')).to.throw(UsageError, 'unknown scenario "s/2"; nearest: s/1')
  })

  it('is given on each scenario alone', () => {
    const second = [story.begun('s/2'), story.requested('e2'), story.answered('e2')]
    const rows = doneRows('e2')
    const more: story.Story = [...second, story.read('settled', rows)].map((fact) => [50_000, fact])
    const entries = scenario(...effects, ...rest(doneRows('e1')), ...more)
    expect(judge(entries, 's/1')).to.include({ scenario: 's/1', outcome: 'valid' })
    expect(judge(entries, 's/2')).to.include({ scenario: 's/2', outcome: 'unknown' })
  })

  it('is the same in one pass over several as on each alone, in whatever order they are asked for', () => {
    const scenarios = ['s/1', 's/2', 's/3']
    const run = scenarios.flatMap((name, index): story.Story => {
      const id = `e${index + 1}`
      const told = [
        story.begun(name),
        story.requested(id),
        story.answered(id),
        effect(id, 't1'),
        effect(id, 't2'),
      ]
      const facts = [...told, ...rest(doneRows(id)).map(([, fact]) => fact), story.ended(name)]
      return facts.map((fact, step) => [index * 60_000 + step * 2_000, fact])
    })
    const entries = story.journalOf([[0, story.runBegun], [0, story.TWO], ...run])
    const alone = scenarios.map((name) => judge(entries, name))
    const growing: Entry[] = []
    const pass = new Scenarios(growing)
    const live = entries.flatMap((entry) => {
      growing.push(entry)
      return entry.kind === 'judged'
        ? [judgeFacts(pass.factsOf(`s/${growing.filter(({ kind }) => kind === 'judged').length}`))]
        : []
    })
    const backwards = scenarios.toReversed().map((name) => judgeFacts(pass.factsOf(name)))
    expect(alone.map(({ scenario }) => scenario)).to.deep.equal(scenarios)
    expect(live).to.deep.equal(alone)
    expect(backwards.toReversed()).to.deep.equal(alone)
  })

  it('is the last, if it was asked for more than once', () => {
    const early: story.Story = [
      [20_000, story.read('settled', runningRows('e1'))],
      [20_001, story.settled(false)],
      [20_002, story.asked({ expect: 'ERROR' })],
    ]
    expect(verdictOn(scenario(...early, ...effects, ...rest(doneRows('e1')))).outcome).to.equal('valid')
  })

  it('does not judge what is first seen after it was settled', () => {
    const sane = story.saneStory()
    const line = sane.findIndex(({ kind }) => kind === 'settled') + 1
    const late = [effect('e1', 't1'), effect('e9', 't1'), story.requested('e2')]
    const entries = sane.toSpliced(line, 0, ...story.journalOf(late.map((fact) => [46_002, fact])))
    expect(verdictOn(renumbered(entries)).outcome).to.equal('valid')
  })

  it('accepts what the suite allows by name, and nothing else', () => {
    const rows = {
      executions: [executionRow('e1', 'RUNNING')],
      tasks: [taskRow('e1', 't1')],
      actions: [actionRow('e1.t1')],
    }
    const on = (allow: ('stuck' | 'lost')[]) =>
      verdictOn(scenario([100, effect('e1', 't1')], ...rest(rows, { asked: { allow } })))
    expect(on(['stuck', 'lost']).outcome).to.equal('valid')
    expect(words(on(['stuck']))).to.deep.equal(['lost'])
    expect(on(['stuck']).findings.stuck[0]?.allowed).to.equal(true)
  })
})
