import { expect } from 'chai'
import type { Entry } from './entries.ts'
import { ids, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { actionRow, doneRows, effect, executionRow, rest, runningRows, scenario, task, taskRow } = story

const rows = {
  executions: [executionRow('e1', 'RUNNING')],
  tasks: [taskRow('e1', 't1')],
  actions: [actionRow('e1.t1')],
const arrive = (...items: number[]): story.Story =>
  items.map((item) => [300 + item, effect('e2', 'all', { item, attempt: `m${item}` })])
const child = (id: string, state = 'SUCCESS') => executionRow(id, state, { task: 'e1.sub', root: 'e1' })
const parent = (state: string) => ({
  executions: [executionRow('e1', state, { workflow: 'outer' })],
  tasks: [taskRow('e1', 'sub', state)],
  actions: [],
  jobs: [],
const of = (id: string, item: string) => effect(id, item, { root: 'e1' })

describe('the verdict on items', () => {
  describe('says of items', () => {
    it('lost, if they were owed and ran 0 times', () => {
      }
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(rows)))
      expect(words(verdict)).to.deep.equal(['lost', 'stuck'])
      expect(ids(verdict, 'lost')).to.deep.equal(['e1/t2'])
      expect(verdict.counts.items).to.deep.equal({ owed: 2, ranZero: 1 })
    })

    it('lost, if Mistral calls them a success and their effect never came', () => {
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['lost'])
    })

    it('nothing, if what they need did not succeed or they may still run', () => {
      const failed = { executions: [executionRow('e1', 'ERROR')], tasks: [taskRow('e1', 't1', 'ERROR')] }
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(failed)))
      expect(words(verdict)).to.deep.equal(['failed'])
      expect(verdict.counts.items).to.deep.equal({ owed: 1, ranZero: 0 })
      expect(ids(verdictOn(scenario(...rest(runningRows('e1')))), 'lost')).to.deep.equal([])
    })

    it('duplicated, if one attempt ran twice', () => {
      const verdict = verdictOn(scenario(...effects, [300, effect('e1', 't1')], ...rest(doneRows('e1'))))
      expect(verdict.outcome).to.equal('invalid')
      expect(words(verdict)).to.deep.equal(['duplicated'])
      expect(ids(verdict, 'duplicated')).to.deep.equal(['a:e1.t1'])
      expect(verdict.counts.attempts).to.deep.equal({ total: 2, ranOnce: 1, ranMore: 1 })
    })

    it('repeated and not duplicated, if a retry made another attempt', () => {
      const again = actionRow('e1.t1', 'ERROR', { id: 'a:0', attempt: 'm0' })
      const rows = { ...doneRows('e1'), actions: [...doneRows('e1').actions, again] }
      const entries = (allow: 'repeated'[]) =>
        scenario([50, effect('e1', 't1', { attempt: 'm0' })], ...effects, ...rest(rows, { asked: { allow } }))
      const verdict = verdictOn(entries([]))
      expect(words(verdict)).to.deep.equal(['repeated'])
      expect(verdict.findings.repeated[0]?.text).to.equal('task e1/t1 ran in 2 attempts')
      expect(verdictOn(entries(['repeated'])).outcome).to.equal('valid')
    })

    it('lost, if a task without an effect has no result of its own', () => {
      const noop = story.defined('plain', { t1: task({ effect: false, name: 'std.noop' }) })
      const on = (action: Parameters<typeof actionRow>[2], state: string) => {
        const rows = {
          executions: [executionRow('e2', 'ERROR', { workflow: 'plain' })],
          tasks: [taskRow('e2', 't1', 'ERROR')],
          actions: [actionRow('e2.t1', state, action)],
        }
        const all = {
          executions: [...rows.executions, executionRow('e1')],
          tasks: [...rows.tasks, ...doneRows('e1').tasks],
          actions: [...rows.actions, ...doneRows('e1').actions],
        }
        return ids(
          verdictOn(
            scenario(
              [5, noop],
              [6, story.requested('e2', 'plain')],
              [7, story.answered('e2')],
              ...effects,
              ...rest(all),
            ),
          ),
          'lost',
        )
      }
      expect(on({}, 'ERROR')).to.deep.equal([])
      expect(on({ expired: true }, 'ERROR')).to.deep.equal(['e2/t1'])
      expect(on({}, 'RUNNING')).to.deep.equal(['e2/t1'])
    })
  })

  describe('knows with-items tasks', () => {
    const graph = story.defined('many', { all: task({ items: 3 }) })
    const start: story.Story = [
      [5, graph],
      [6, story.requested('e2', 'many')],
      [7, story.answered('e2')],
    ]
    const rows = (count: number, state = 'SUCCESS') => ({
      executions: [executionRow('e1'), executionRow('e2', state, { workflow: 'many' })],
      tasks: [...doneRows('e1').tasks, taskRow('e2', 'all', state)],
      actions: [
        ...doneRows('e1').actions,
        ...Array.from({ length: count }, (_, item) =>
          actionRow('e2.all', 'SUCCESS', { id: `a${item}`, attempt: `m${item}`, item }),
        ),
      ],
    })

    it('and judges each element', () => {
      const verdict = verdictOn(scenario(...start, ...effects, ...arrive(0, 1, 2), ...rest(rows(3))))
      expect(verdict.outcome).to.equal('valid')
      expect(verdict.counts.items.owed).to.equal(5)
    })

    it('and names the element that was lost, duplicated', () => {
      const lost = verdictOn(scenario(...start, ...effects, ...arrive(0, 2), ...rest(rows(3))))
      expect(ids(lost, 'lost')).to.deep.equal(['e2/all[1]'])
      expect(lost.findings.lost[0]?.object).to.equal('item')
      const twice = verdictOn(scenario(...start, ...effects, ...arrive(0, 1, 1, 2), ...rest(rows(3))))
      expect(ids(twice, 'duplicated')).to.deep.equal(['a1'])
    })

    it('and keeps elements apart that share a mark', () => {
      const same: story.Story = [0, 1, 2].map((item) => [300, effect('e2', 'all', { item, attempt: 'm' })])
      expect(
        ids(verdictOn(scenario(...start, ...effects, ...same, ...rest(rows(3)))), 'duplicated'),
      ).to.deep.equal([])
    })
  })

  describe('knows sub-workflows', () => {
    const graph = story.defined('outer', { sub: task({ runs: 'workflow', name: 'two', effect: false }) })
    const outer = (...happened: story.Story): Entry[] =>
      story.journalOf([
        [0, story.runBegun],
        [1, story.TWO],
        [1, graph],
        [2, story.begun()],
        [3, story.requested('e1', 'outer')],
        [4, story.answered('e1')],
        ...happened,
      ])
    })

    it('and what they owe', () => {
      const rows = parent('SUCCESS')
      const all = {
        executions: [...rows.executions, child('c1')],
        tasks: [...rows.tasks, ...doneRows('c1').tasks],
        actions: doneRows('c1').actions,
      }
      const verdict = verdictOn(outer([100, of('c1', 't1')], [200, of('c1', 't2')], ...rest(all)))
      expect(verdict.outcome).to.equal('valid')
      expect(verdict.counts.items.owed).to.equal(3)
      const without = verdictOn(outer([100, of('c1', 't1')], ...rest(all)))
      expect(ids(without, 'lost')).to.deep.equal(['c1/t2'])
      expect(without.findings.lost[0]?.execution).to.equal('e1')
    })

    it('and that one was lost', () => {
      const verdict = verdictOn(outer(...rest(parent('RUNNING'))))
      expect(words(verdict)).to.deep.equal(['lost', 'stuck'])
      expect(ids(verdict, 'lost')).to.deep.equal(['e1/sub'])
      expect(ids(verdict, 'stuck')).to.deep.equal(['e1.sub'])
    })

    it('and that one was started twice', () => {
      const rows = parent('SUCCESS')
      const [c1, c2] = [doneRows('c1'), doneRows('c2')]
      const all = {
        executions: [...rows.executions, child('c1'), child('c2')],
        tasks: [...rows.tasks, ...c1.tasks, ...c2.tasks],
        actions: [...c1.actions, ...c2.actions],
      }
      const arrive: story.Story = ['c1', 'c2'].flatMap((id) => [
        [100, of(id, 't1')],
        [200, of(id, 't2')],
      ])
      expect(ids(verdictOn(outer(...arrive, ...rest(all))), 'repeated')).to.deep.equal(['e1/sub'])
    })

    it('and one that is open though its parent has ended', () => {
      const rows = parent('ERROR')
      const all = {
        executions: [...rows.executions, child('c1', 'RUNNING')],
        tasks: [...rows.tasks, taskRow('c1', 't1')],
        actions: [actionRow('c1.t1')],
      }
      const verdict = verdictOn(outer([100, of('c1', 't1')], ...rest(all)))
      expect(words(verdict)).to.deep.equal(['lost', 'stuck', 'failed'])
      expect(verdict.counts.executions).to.include({ failed: 1, stuck: 0 })
    })
  })

  it('owes a join only when all of its predecessors have succeeded', () => {
    const graph = story.defined('two', { a: task(), b: task(), last: task({ after: ['a', 'b'] }) })
    const rows = {
      executions: [executionRow('e1', 'ERROR')],
      tasks: [taskRow('e1', 'a'), taskRow('e1', 'b', 'ERROR'), taskRow('e1', 'last', 'ERROR')],
    }
    const arrive: story.Story = [
      [10, graph],
      [100, effect('e1', 'a')],
      [200, effect('e1', 'b')],
    ]
    expect(words(verdictOn(scenario(...arrive, ...rest(rows))))).to.deep.equal(['failed'])
    const joined = {
      ...rows,
      tasks: [taskRow('e1', 'a'), taskRow('e1', 'b'), taskRow('e1', 'last', 'ERROR')],
    }
    expect(ids(verdictOn(scenario(...arrive, ...rest(joined))), 'lost')).to.deep.equal(['e1/last'])
  })
})
