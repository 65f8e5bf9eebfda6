import { expect } from 'chai'
import type { Entry } from './entries.ts'
import { effects, ids, verdictOn, words } from './judging.helper.ts'
import * as story from './story.helper.ts'

const { broker, doneRows, effect, rest, scenario } = story

/** A run whose first scenario asked for `e0` and whose second for `e1`. */
const later = (...more: story.Story): Entry[] => {
  const first: story.Story = [
    [0, story.runBegun],
    [1, story.TWO],
    [2, story.begun('old/1')],
    [3, story.requested('e0')],
    [4, story.ended('old/1')],
  ]
  const start: story.Story = [
    [5, story.begun()],
    [6, story.requested('e1')],
    [7, story.answered('e1')],
  ]
  return story.journalOf([...first, ...start, ...effects, ...more, ...rest(doneRows('e1'))])
}

const killed = (node: string) =>
  ({ kind: 'node.signalled', node, signal: 'SIGKILL', why: 'by hand' }) as const

describe('the verdict on what surrounds the executions', () => {
  describe('says unexpected', () => {
    it('of an effect of nothing that was started', () => {
      const verdict = verdictOn(scenario(...effects, [300, effect('e9', 't1')], ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['unexpected'])
      expect(verdict.counts.effects.arrived).to.equal(2)
    })

    it('of an effect of a task that the workflow does not have', () => {
      const verdict = verdictOn(scenario(...effects, [300, effect('e1', 't9')], ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['unexpected'])
    })

    it('of an effect of an execution that the database does not have', () => {
      const rows = { ...doneRows('e1'), executions: [] }
      const verdict = verdictOn(scenario(...effects, ...rest(rows)))
      expect(words(verdict)).to.deep.equal(['lost', 'unexpected'])
    })

    it('of a node that died by itself', () => {
      const died = {
        kind: 'node.exited',
        node: 'engine-1',
        pid: 7,
        code: 0,
        signal: null,
        expected: false,
      } as const
      const verdict = verdictOn(scenario(...effects, [300, died], ...rest(doneRows('e1'))))
      expect(words(verdict)).to.deep.equal(['unexpected'])
      expect(verdict.findings.unexpected[0]?.text).to.equal(
        'engine-1 (pid 7) ended with status 0 though nothing had told it to',
      )
      const signalled = {
        kind: 'node.signalled',
        node: 'engine-1',
        signal: 'SIGKILL',
        why: 'fault f1',
      } as const
      expect(
        verdictOn(scenario(...effects, [299, signalled], [300, died], ...rest(doneRows('e1')))).outcome,
      ).to.equal('valid')
    })

    it('of a node that died by itself though others, or it before it was started anew, were told to', () => {
      const died = {
        kind: 'node.exited',
        node: 'engine-1',
        pid: 7,
        code: 0,
        signal: null,
        expected: false,
      } as const
      const frozen = { ...killed('engine-1'), signal: 'SIGCONT' }
      const started = { kind: 'node.started', node: 'engine-1', pid: 7 } as const
      const facts = [killed('engine-1'), started, killed('engine-2'), frozen, died]
      const happened = facts.map((fact, index): story.Story[number] => [300 + index, fact])
      const verdict = verdictOn(scenario(...effects, ...happened, ...rest(doneRows('e1'))))
      expect(ids(verdict, 'unexpected')).to.deep.equal(['engine-1'])
    })

    it('not of what an earlier suite left behind', () => {
      const verdict = verdictOn(later([300, effect('e0', 't1')]))
      expect(verdict.outcome).to.equal('valid')
      expect(verdict.leftovers.map(({ suite, finding }) => [suite, finding.execution])).to.deep.equal([
        ['old', 'e0'],
      ])
    })
  })

  describe('says parked', () => {
    const queue = { name: 'mistral_executor.executor-2', ready: 2, consumers: 0 }

    it('of messages in a queue that nobody consumes', () => {
      const verdict = verdictOn(
        scenario(...effects, ...rest(doneRows('e1'), { queues: story.broker([queue]) })),
      )
      expect(words(verdict)).to.deep.equal(['parked'])
      expect(ids(verdict, 'parked')).to.deep.equal([queue.name])
    })

    it('of messages that consumers hold though everything is at rest', () => {
      const queues = broker([{ name: 'mistral_executor', unacked: 2 }])
      const verdict = verdictOn(scenario(...effects, ...rest(doneRows('e1'), { queues })))
      expect(ids(verdict, 'parked')).to.deep.equal(['mistral_executor'])
    })

    it('not of fan-outs, nor of what lay there before', () => {
      const fanout = { ...queue, name: 'mistral_engine_fanout_0a' }
      const queues = story.broker([queue, fanout])
      const entries = story.journalOf([
        [0, story.runBegun],
        [1, story.TWO],
        [2, story.begun()],
        [2, story.broker([queue])],
        [3, story.requested('e1')],
        [4, story.answered('e1')],
        ...effects,
        ...rest(doneRows('e1'), { queues }),
      ])
      expect(verdictOn(entries).outcome).to.equal('valid')
    })
  })
})
