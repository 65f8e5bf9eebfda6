import { expect } from 'chai'
import type { Entry } from '../entries.ts'
import type { CallFact } from '../wire-entries.ts'
import { ids, renumbered, verdictOn, words } from '../judging.helper.ts'
import * as story from '../story.helper.ts'
import { A1, expiredRows, life, links, start, upTo } from './life.helper.ts'
import * as wire from './wire.helper.ts'

const { actionRow, broker, doneRows, effect, executionRow, rest, scenario, taskRow } = story
const { acked, closed, confirmed, delivered, opened, passed, published, replyTo, result, runAction } = wire

const asked = { expect: 'ERROR' } as const
const sane = (): Entry[] => scenario(...life, ...rest(doneRows('e1')))

/** The furthest point of the message that is lost when this happened after `e1` had started. */
const lost = (...then: story.Story): string => {
  const verdict = verdictOn(scenario(...upTo(...then), ...rest(expiredRows, { asked })))
  expect(verdict.findings.lost.map(({ object }) => object)).to.include('message')
  const [found] = verdict.findings.lost.filter(({ object }) => object === 'message')
  return found?.text.split(': ').at(-1) ?? ''
}

/** The verdict if this happened after `e1` was done. */
const again = (...then: story.Story) => verdictOn(scenario(...life, ...then, ...rest(doneRows('e1'))))

describe('the verdict on messages', () => {
  it('is valid if each was done once, with figures', () => {
    const verdict = verdictOn(sane())
    expect(verdict.reasons).to.deep.equal([])
    expect(verdict.counts.messages).to.deep.include({ judged: 6, done: 6, lost: 0, duplicated: 0 })
  })

  it('says nothing of messages if the links were not read', () => {
    expect(verdictOn(story.saneStory()).counts.messages.judged).to.equal(0)
  })

  describe('says lost, with the furthest point that it reached', () => {
    const sent = published('engine-1', 2, runAction(A1))

    it('if its last byte was not handed on', () => {
      expect(lost([30, sent], [31, closed('engine-1.rabbitmq', 199)])).to.equal('never reached the broker')
    })

    it('if no queue was bound for it', () => {
      const unbound = published('engine-1', 2, runAction(A1), { routingKey: 'nobody' })
      expect(lost([30, unbound], [31, confirmed('engine-1', 2)])).to.equal('unroutable')
    })

    it('if the broker confirmed it and no queue has it', () => {
      expect(lost([30, sent], [31, confirmed('engine-1', 2)])).to.equal('never delivered')
    })

    it('if nobody acknowledged it', () => {
      expect(
        lost([30, sent], [31, confirmed('engine-1', 2)], [32, delivered('executor-1', 1, runAction(A1))]),
      ).to.equal('delivered and never acknowledged')
    })

    it('if it was acknowledged, and neither effect nor heartbeat nor result names its action', () => {
      const gone = passed(30, runAction(A1), ['engine-1', 2], ['executor-1', 1])
      expect(lost(...gone)).to.equal('acknowledged and its work never seen')
    })

    it('and does not call the start of a task lost, if the call of its action was sent and is lost', () => {
      const startTask: CallFact = {
        ...runAction(A1),
        method: 'start_task',
        identity: 'u:task',
        task: 'e1.t1',
      }
      const gone: story.Story = [
        ...passed(30, startTask, ['engine-1', 2], ['engine-1', 2]),
        [40, published('engine-1', 3, runAction(A1))],
        [41, confirmed('engine-1', 3)],
      ]
      const rows = { ...expiredRows, tasks: [taskRow('e1', 't1', 'RUNNING')] }
      const verdict = verdictOn(scenario(...upTo(...gone), ...rest(rows, { asked })))
      expect(
        verdict.findings.lost.filter(({ object }) => object === 'message').map(({ id }) => id),
      ).to.deep.equal([runAction(A1).identity])
    })

    it('if it is the result of an action that expired all the same', () => {
      const verdict = verdictOn(
        scenario(
          ...upTo(
            ...passed(30, runAction(A1), ['engine-1', 2], ['executor-1', 1]),
            [40, effect('e1', 't1')],
            ...passed(50, result(A1), ['executor-1', 1], ['engine-1', 2]),
          ),
          ...rest(expiredRows, { asked }),
        ),
      )
      expect(ids(verdict, 'lost')).to.deep.equal(['u:result:a:e1.t1'])
    })
  })

  it('says moot of a result that came when its action had been given up', () => {
    const verdict = verdictOn(
      scenario(
        ...upTo(
          ...passed(30, runAction(A1), ['engine-1', 2], ['executor-1', 1]),
          [40, effect('e1', 't1')],
          [20_000, story.read('waiting', expiredRows)],
          ...passed(25_000, result(A1), ['executor-1', 1], ['engine-1', 2]),
        ),
        ...rest(expiredRows, { asked }),
      ),
    )
    expect(verdict.outcome).to.equal('valid')
    expect(verdict.counts.messages).to.include({ moot: 1, lost: 0 })
  })

  it('says moot of a result that an engine refuses, since another one of its action says otherwise', () => {
    // An executor that kombu redelivers an action to fails it, while the one that ran it has published its result.
    const failed = result(A1, { identity: 'u:failed', failed: true })
    const refused = again(...passed(90, failed, ['executor-2', 1], ['engine-1', 4]))
    expect(refused.reasons).to.deep.equal([])
    expect(refused.counts.messages).to.include({ moot: 1, lost: 0 })
    const untold = again([90, published('executor-2', 1, failed)], [91, confirmed('executor-2', 1)])
    expect(ids(untold, 'lost')).to.deep.equal(['u:failed'])
  })

  it('says moot of a reply whose caller had ended, or waited no longer', () => {
    const reply = replyTo(start)
    const late = published('engine-1', 1, reply, { exchange: '', routingKey: 'reply_1' })
    const called = life.slice(0, links.length + 6 + 4)
    for (const then of [
      [[10_100, late]],
      [
        [20, { kind: 'node.signalled', node: 'api-1', signal: 'SIGKILL', why: 'fault f1' }],
        [21, { kind: 'node.exited', node: 'api-1', pid: 1, code: null, signal: 'SIGKILL', expected: true }],
        [22, late],
      ],
    ] as story.Story[]) {
      const rows = { executions: [executionRow('e1', 'ERROR')] }
      const verdict = verdictOn(scenario(...called, ...then, ...rest(rows, { asked })))
      expect(verdict.counts.messages).to.include({ done: 1, moot: 1 })
    }
  })

  it('says parked of what lies in a queue that nobody consumes', () => {
    const queues = broker([{ name: 'mistral_executor', ready: 1, consumers: 0 }])
    const then: story.Story = [
      [30, published('engine-1', 2, runAction(A1))],
      [31, confirmed('engine-1', 2)],
    ]
    const verdict = verdictOn(scenario(...upTo(...then), ...rest(expiredRows, { asked, queues })))
    expect(ids(verdict, 'parked')).to.include('u:run:a:e1.t1')
  })

  it('is unknown behind a real Toxiproxy if it was delivered and never acknowledged', () => {
    const behind = life.map(([at, fact]): story.Story[number] => [
      at,
      fact.kind === 'connection.opened' ? { ...fact, side: 'service' } : fact,
    ])
    const then: story.Story = [
      [30, published('engine-1', 2, runAction(A1))],
      [31, confirmed('engine-1', 2)],
      [32, delivered('executor-1', 1, runAction(A1))],
    ]
    const entries = scenario(
      ...behind.slice(0, links.length + 6 + 8),
      ...then,
      ...rest(expiredRows, { asked }),
    )
    expect(verdictOn(entries).counts.messages).to.include({ lost: 0, unknown: 1 })
  })

  describe('says duplicated', () => {
    it('if two publishes reached two nodes', () => {
      const verdict = again(...passed(90, runAction(A1), ['engine-1', 4], ['executor-2', 1]))
      expect(ids(verdict, 'duplicated')).to.deep.equal(['u:run:a:e1.t1'])
    })

    it('not if the broker delivered one publish again', () => {
      const again_: story.Story = [
        [90, delivered('executor-2', 1, runAction(A1), { redelivered: true })],
        [91, acked('executor-2', 1)],
      ]
      expect(again(...again_).outcome).to.equal('valid')
    })

    it('not if a publish was cut and sent again', () => {
      const cut: story.Story = [
        [30, published('engine-1', 2, runAction(A1))],
        [31, closed('engine-1.rabbitmq', 150)],
        [32, opened('engine-1.rabbitmq', 3)],
        [33, published('engine-1', 1, runAction(A1), { connection: 3 })],
        [34, confirmed('engine-1', 1, { connection: 3 })],
        [35, delivered('executor-1', 1, runAction(A1))],
        [36, acked('executor-1', 1)],
        [40, effect('e1', 't1')],
        ...passed(50, result(A1), ['executor-1', 1], ['engine-1', 2]),
      ]
      const rows = {
        executions: [executionRow('e1', 'ERROR')],
        tasks: [taskRow('e1', 't1')],
        actions: [actionRow('e1.t1')],
      }
      const verdict = verdictOn(scenario(...upTo(...cut), ...rest(rows, { asked })))
      expect(verdict.counts.messages).to.include({ done: 4, lost: 0, duplicated: 0, unknown: 0 })
    })
  })

  it('says unexpected of a message of nothing that was started', () => {
    const strange = passed(90, runAction('a:nobody'), ['engine-1', 4], ['executor-1', 3])
    const verdict = verdictOn(scenario(...life, ...strange, ...rest(doneRows('e1'))))
    expect(ids(verdict, 'unexpected')).to.deep.equal(['u:run:a:nobody'])
  })

  it('is unknown if a connection could not be read', () => {
    const opaque: story.Story = [
      [90, { kind: 'connection.opaque', link: 'engine-1.rabbitmq', connection: 1, reason: 'TLS' }],
    ]
    expect(words(verdictOn(scenario(...life, ...opaque, ...rest(doneRows('e1')))))).to.deep.equal([
      'evidence',
    ])
  })

  describe('is never valid, and names the message or the entry,', () => {
    const judged = sane()
    const places = judged.flatMap((entry, index) =>
      ['message.published', 'message.delivered', 'message.acked', 'effect.arrived'].includes(entry.kind)
        ? [index]
        : [],
    )
    for (const index of places) {
      const { kind } = judged[index] ?? {}
      it(`if entry ${index + 1}, ${kind}, is missing or there twice`, () => {
        const entry = judged[index]
        if (!entry) throw new Error('no such entry')
        for (const entries of [judged.toSpliced(index, 1), judged.toSpliced(index, 0, entry)]) {
          const verdict = verdictOn(renumbered(entries))
          expect(verdict.outcome).to.not.equal('valid')
          expect(verdict.reasons.flatMap((reason) => reason.ids)).to.not.deep.equal([])
        }
      })
    }
  })

  it('names the message of an ack that came twice', () => {
    const twice = scenario(...life, [90, acked('executor-1', 1)], ...rest(doneRows('e1')))
    const [reason, ...more] = verdictOn(twice).reasons
    expect(more).to.deep.equal([])
    expect(reason).to.deep.include({ outcome: 'unknown', word: 'evidence', ids: [runAction(A1).identity] })
  })

  it('does not mind the order in which different connections were read', () => {
    const [first, second] = [
      published('engine-1', 2, runAction(A1)),
      published('executor-2', 1, result('a:nobody'), { call: { ...result('x'), judged: false } }),
    ]
    const rows = expiredRows
    for (const pair of [
      [first, second],
      [second, first],
    ])
      expect(
        verdictOn(
          scenario(...upTo(...pair.map((fact): story.Story[number] => [30, fact])), ...rest(rows, { asked })),
        ).counts.messages,
      ).to.include({ judged: 3, lost: 1 })
  })
})
