import { expect } from 'chai'
import { effects, ids, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { actionRow, doneRows, effect, executionRow, rest, runningRows, scenario, task, taskRow, together } =
  story

/** The rows of an execution of `two` whose second task was never created. */
const halfRows = {
  executions: [executionRow('e1', 'RUNNING')],
  tasks: [taskRow('e1', 't1')],
  actions: [actionRow('e1.t1')],
}

describe('the verdict on items', () => {
  describe('says lost', () => {
    it('if they were owed and ran 0 times', () => {
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(halfRows)))
      expect(words(verdict)).to.deep.equal(['lost', 'stuck'])
      expect(ids(verdict, 'lost')).to.deep.equal(['e1/t2'])
      expect(verdict.counts.items).to.deep.equal({ owed: 2, ranZero: 1 })
      expect(verdict.findings.lost[0]?.evidence).to.deep.equal([
        't1 succeeded',
        'it has no effect',
        'no action execution was created',
      ])
    })

    it('if Mistral calls them a success and their effect never came', () => {
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['lost'])
    })

    it('if they have no effect and no result of their own', () => {
      const plain = story.defined('plain', { t1: task({ effect: false, name: 'std.noop' }) })
      const start: story.Story = [
        [5, plain],
        [6, story.requested('e2', 'plain')],
        [7, story.answered('e2')],
      ]
      const lost = (state: string, more: { expired?: boolean } = {}) => {
        const rows = {
          executions: [executionRow('e2', 'ERROR', { workflow: 'plain' })],
          tasks: [taskRow('e2', 't1', 'ERROR')],
          actions: [actionRow('e2.t1', state, more)],
        }
        const all = together(doneRows('e1'), rows)
        return ids(verdictOn(scenario(...start, ...effects, ...rest(all))), 'lost')
      }
      expect(lost('ERROR')).to.deep.equal([])
      expect(lost('ERROR', { expired: true })).to.deep.equal(['e2/t1'])
      expect(lost('RUNNING')).to.deep.equal(['e2/t1'])
    })

    it('not of what is asynchronous: its result comes from elsewhere', () => {
      const graph = story.defined('two', {
        ask: task({ effect: false, asynchronous: true }),
        t1: task(),
        t2: task({ after: ['t1'] }),
      })
      const asking = actionRow('e1.ask', 'RUNNING', { synchronous: false })
      const rows = together(halfRows, { tasks: [taskRow('e1', 'ask', 'RUNNING')], actions: [asking] })
      const verdict = verdictOn(scenario([5, graph], [100, effect('e1', 't1')], ...rest(rows)))
      expect(ids(verdict, 'lost')).to.deep.equal(['e1/t2'])
    })

    it('not if what they need did not succeed, or they may still run', () => {
      const failed = { executions: [executionRow('e1', 'ERROR')], tasks: [taskRow('e1', 't1', 'ERROR')] }
      const verdict = verdictOn(scenario([100, effect('e1', 't1')], ...rest(failed)))
      expect(words(verdict)).to.deep.equal(['failed'])
      expect(verdict.counts.items).to.deep.equal({ owed: 1, ranZero: 0 })
      expect(ids(verdictOn(scenario(...rest(runningRows('e1')))), 'lost')).to.deep.equal([])
    })

    it('of a join only if all of its predecessors have succeeded', () => {
      const graph = story.defined('two', { a: task(), b: task(), last: task({ after: ['a', 'b'] }) })
      const arrive: story.Story = [
        [10, graph],
        [100, effect('e1', 'a')],
        [200, effect('e1', 'b')],
      ]
      const lost = (stateOfB: string) => {
        const executions = [executionRow('e1', 'ERROR')]
        const tasks = [taskRow('e1', 'a'), taskRow('e1', 'b', stateOfB), taskRow('e1', 'last', 'ERROR')]
        return ids(verdictOn(scenario(...arrive, ...rest({ executions, tasks }))), 'lost')
      }
      expect(lost('ERROR')).to.deep.equal([])
      expect(lost('SUCCESS')).to.deep.equal(['e1/last'])
    })
  })

  it('says duplicated if one attempt ran twice', () => {
    const verdict = verdictOn(scenario(...effects, [300, effect('e1', 't1')], ...rest(doneRows('e1'))))
    expect(verdict.outcome).to.equal('invalid')
    expect(words(verdict)).to.deep.equal(['duplicated'])
    expect(ids(verdict, 'duplicated')).to.deep.equal(['a:e1.t1'])
    expect(verdict.counts.attempts).to.deep.equal({ total: 2, ranOnce: 1, ranMore: 1 })
  })

  it('says repeated and not duplicated if a retry made another attempt', () => {
    const again = actionRow('e1.t1', 'ERROR', { id: 'a:0', attempt: 'm0' })
    const rows = together(doneRows('e1'), { actions: [again] })
    const retried: story.Story = [[50, effect('e1', 't1', { attempt: 'm0' })], ...effects]
    const verdict = verdictOn(scenario(...retried, ...rest(rows)))
    expect(words(verdict)).to.deep.equal(['repeated'])
    expect(verdict.findings.repeated[0]?.text).to.equal('task e1/t1 ran in 2 attempts')
    const allowed = rest(rows, { asked: { allow: ['repeated'] } })
    expect(verdictOn(scenario(...retried, ...allowed)).outcome).to.equal('valid')
  })

  it('owes what follows a task that succeeded in one of its rows', () => {
    const again = { ...taskRow('e1', 't1', 'ERROR'), id: 'again' }
    const verdict = verdictOn(scenario(...effects, ...rest(together(doneRows('e1'), { tasks: [again] }))))
    expect(verdict.counts.items.owed).to.equal(2)
  })

  it('says repeated if a task was created twice', () => {
    const twin = { ...taskRow('e1', 't2'), id: 'twin' }
    const rows = together(doneRows('e1'), { tasks: [twin], actions: [actionRow('twin')] })
    const verdict = verdictOn(
      scenario(...effects, [300, effect('e1', 't2', { attempt: 'm:twin' })], ...rest(rows)),
    )
    expect(ids(verdict, 'repeated')).to.deep.equal(['e1/t2'])
  })
})

describe('the verdict on with-items tasks', () => {
  const start: story.Story = [
    [5, story.defined('many', { all: task({ items: 3 }) })],
    [6, story.requested('e2', 'many')],
    [7, story.answered('e2')],
  ]
  const rows = together(doneRows('e1'), {
    executions: [executionRow('e2', 'SUCCESS', { workflow: 'many' })],
    tasks: [taskRow('e2', 'all')],
    actions: [0, 1, 2].map((item) =>
      actionRow('e2.all', 'SUCCESS', { id: `a${item}`, attempt: `m${item}`, item }),
    ),
  })
  const judged = (marks: Record<number, string[]>) => {
    const arrive = Object.entries(marks).flatMap(([item, attempts]) =>
      attempts.map((attempt): story.Story[number] => [
        300,
        effect('e2', 'all', { item: Number(item), attempt }),
      ]),
    )
    return verdictOn(scenario(...start, ...effects, ...arrive, ...rest(rows)))
  }

  it('judges each element', () => {
    const verdict = judged({ 0: ['m0'], 1: ['m1'], 2: ['m2'] })
    expect(verdict.outcome).to.equal('valid')
    expect(verdict.counts.items.owed).to.equal(5)
  })

  it('names the element that was lost, duplicated or repeated', () => {
    const verdict = judged({ 0: ['m0', 'm0'], 2: ['m2', 'other'] })
    expect(verdict.findings.lost.map(({ object, id }) => [object, id])).to.deep.equal([['item', 'e2/all[1]']])
    expect(ids(verdict, 'duplicated')).to.deep.equal(['a0'])
    expect(ids(verdict, 'repeated')).to.deep.equal(['e2/all[2]'])
  })

  it('keeps elements apart that share a mark', () => {
    expect(ids(judged({ 0: ['m'], 1: ['m'], 2: ['m'] }), 'duplicated')).to.deep.equal([])
  })

  it('expects no more elements than there are', () => {
    expect(ids(judged({ 0: ['m0'], 1: ['m1'], 2: ['m2'], 3: ['m3'] }), 'unexpected')).to.have.length(1)
  })
})

/** The rows of a sub-workflow execution of `e1` in which everything has been done. */
const child = (id: string, state = 'SUCCESS') => ({
  ...doneRows(id),
  executions: [executionRow(id, state, { task: 'e1.sub', root: 'e1' })],
})

describe('the verdict on sub-workflows', () => {
  const graph = story.defined('outer', { sub: task({ runs: 'workflow', name: 'two', effect: false }) })
  /** The execution `e1` of `outer`, in this state, with these rows below it and these effects of theirs. */
  const judged = (state: string, below: story.Rows, arrived: [execution: string, task: string][] = []) => {
    const parent = {
      executions: [executionRow('e1', state, { workflow: 'outer' })],
      tasks: [taskRow('e1', 'sub', state)],
    }
    const head = [
      story.runBegun,
      story.TWO,
      graph,
      story.begun(),
      story.requested('e1', 'outer'),
      story.answered('e1'),
    ]
    const arrivals = arrived.map(([execution, name]) => effect(execution, name, { root: 'e1' }))
    const happened = [...head, ...arrivals].map((fact, at): story.Story[number] => [at, fact])
    return verdictOn(story.journalOf([...happened, ...rest(together(parent, below))]))
  }
  it('knows what they owe', () => {
    const verdict = judged('SUCCESS', child('c1'), [
      ['c1', 't1'],
      ['c1', 't2'],
    ])
    expect(verdict.outcome).to.equal('valid')
    expect(verdict.counts.items.owed).to.equal(3)
    const without = judged('SUCCESS', child('c1'), [['c1', 't1']])
    expect(without.findings.lost.map(({ id, execution }) => [id, execution])).to.deep.equal([['c1/t2', 'e1']])
  })

  it('says that one was lost', () => {
    const verdict = judged('RUNNING', {})
    expect(words(verdict)).to.deep.equal(['lost', 'stuck'])
    expect(ids(verdict, 'lost')).to.deep.equal(['e1/sub'])
    expect(verdict.findings.lost[0]?.evidence).to.include('it has no sub-workflow execution')
    expect(ids(verdict, 'stuck')).to.deep.equal(['e1.sub'])
  })

  it('says repeated if one was started twice', () => {
    const verdict = judged('SUCCESS', together(child('c1'), child('c2')), [
      ['c1', 't1'],
      ['c1', 't2'],
      ['c2', 't1'],
      ['c2', 't2'],
    ])
    expect(words(verdict)).to.deep.equal(['repeated'])
    expect(ids(verdict, 'repeated')).to.deep.equal(['e1/sub'])
  })

  it('sees one that is open though its parent has ended', () => {
    const below = {
      ...child('c1', 'RUNNING'),
      tasks: [taskRow('c1', 't1')],
      actions: [actionRow('c1.t1')],
    }
    const verdict = judged('ERROR', below, [['c1', 't1']])
    expect(words(verdict)).to.deep.equal(['lost', 'stuck', 'failed'])
    expect(verdict.counts.executions).to.include({ failed: 1, stuck: 0 })
  })
})
