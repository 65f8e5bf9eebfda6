import { expect } from 'chai'
import { effects, ids, renumbered, verdictOn, words } from '../judging.helper.ts'
import * as story from '../story.helper.ts'
import { A1, expiredRows, life, links, start, upTo } from './life.helper.ts'
import * as wire from './wire.helper.ts'

const { broker, doneRows, rest, scenario } = story
const { closed, confirmed, delivered, passed, published, replyTo, runAction } = wire

const asked = { expect: 'ERROR' } as const
const EXECUTOR = 'mistral_executor'

const waiting = (ready: number) => ({ queues: broker([{ name: EXECUTOR, ready }]) })
const unread = (ready: number) => broker([{ name: 'reply_1', ready, consumers: 0 }])

/** `e1` with this at the place of its first action's call. */
const instead = (...call: story.Story): story.Story => [
  ...life.slice(0, links.length + 6 + 8),
  ...call,
  ...life.slice(links.length + 6 + 12),
]

describe('the verdict on messages and what other sources say of them', () => {
  describe('on a delivery without an acknowledgement, whose connection has closed,', () => {
    const unanswered = passed(30, runAction(A1), ['engine-1', 2], ['executor-1', 1]).slice(0, 3)
    const end: story.Story = [[90, closed('executor-1.rabbitmq', 10_000, 2)]]

    it('is unknown, since the broker would have delivered it again', () => {
      const verdict = verdictOn(
        scenario(...instead(...unanswered), ...end, ...rest(doneRows('e1'), waiting(0))),
      )
      expect(words(verdict)).to.deep.equal(['evidence'])
      expect(verdict.reasons[0]?.ids).to.deep.equal([runAction(A1).identity])
    })

    it('is valid where it did', () => {
      const again: story.Story = [
        [91, delivered('executor-2', 1, runAction(A1), { redelivered: true })],
        [92, wire.acked('executor-2', 1)],
      ]
      const entries = scenario(
        ...instead(...unanswered),
        ...end,
        ...again,
        ...rest(doneRows('e1'), waiting(0)),
      )
      expect(verdictOn(entries).reasons).to.deep.equal([])
    })

    it('is valid where its queue has gone', () => {
      const entries = scenario(
        ...instead(...unanswered),
        ...end,
        ...rest(doneRows('e1'), { queues: broker() }),
      )
      expect(verdictOn(entries).reasons).to.deep.equal([])
    })
  })

  it('does not take a message for parked because another was there before', () => {
    const old = broker([{ name: EXECUTOR, ready: 1, consumers: 0 }])
    const begun: story.Story = [
      [0, story.runBegun],
      [1, story.TWO],
      [2, story.begun()],
      [2, old],
    ]
    const asking: story.Story = [
      [3, story.requested('e1')],
      [4, story.answered('e1')],
    ]
    const sent: story.Story = [
      [30, published('engine-1', 2, runAction(A1))],
      [31, confirmed('engine-1', 2)],
    ]
    const verdict = verdictOn(
      story.journalOf([...begun, ...asking, ...upTo(...sent), ...rest(expiredRows, { asked, queues: old })]),
    )
    expect(ids(verdict, 'lost')).to.include(runAction(A1).identity)
    expect(ids(verdict, 'parked')).to.deep.equal([])
  })

  it('minds no reply in a queue whose caller has died', () => {
    const reply = published('engine-1', 1, replyTo(start), { exchange: '', routingKey: 'reply_1' })
    const called = life.slice(0, links.length + 6 + 4)
    const then: story.Story = [
      [
        5,
        {
          kind: 'queue.declared',
          link: 'api-1.rabbitmq',
          connection: 1,
          queue: 'reply_1',
          messages: 0,
          consumers: 1,
        },
      ],
      ...called,
      [20, { kind: 'node.signalled', node: 'api-1', signal: 'SIGKILL', why: 'fault f1' }],
      [21, { kind: 'node.exited', node: 'api-1', pid: 1, code: null, signal: 'SIGKILL', expected: true }],
      [22, reply],
      ...life.slice(links.length + 6 + 8),
    ]
    const one = verdictOn(scenario(...then, ...rest(doneRows('e1'), { queues: unread(1) })))
    expect(one.findings.parked).to.deep.equal([])
    expect(one.counts.messages.moot).to.equal(1)
    const two = verdictOn(scenario(...then, ...rest(doneRows('e1'), { queues: unread(2) })))
    expect(ids(two, 'parked')).to.deep.equal(['reply_1'])
  })

  it('is parked for what cancelled consumers hold', () => {
    const queues = broker([{ name: EXECUTOR, unacked: 2, consumers: 0 }])
    const verdict = verdictOn(scenario(...life, ...rest(doneRows('e1'), { queues })))
    expect(words(verdict)).to.deep.equal(['parked'])
  })

  it('is unknown where the links were open and the start of an execution was not seen on them', () => {
    const blind = scenario(...links, ...effects, ...rest(doneRows('e1')))
    expect(verdictOn(blind).outcome).to.equal('unknown')
    expect(verdictOn(blind).reasons[0]?.text).to.include('no delivery of its start_workflow was seen')
  })

  it('names first what diverged first, with what each source says', () => {
    const entries = scenario(...life, ...rest(doneRows('e1')))
    const gone = new Set([
      entries.findIndex(({ kind }) => kind === 'message.acked'),
      entries.findLastIndex(({ kind }) => kind === 'message.delivered'),
    ])
    const verdict = verdictOn(renumbered(entries.filter((_, index) => !gone.has(index))))
    const [first] = verdict.reasons
    expect(first?.ids).to.deep.equal([start.identity])
    expect(first?.text).to.match(/published by api-1 .*; .*delivered to engine-1 .*; execution e1 is SUCCESS/)
  })
})

/** Why a kill of the node at that time proved nothing. */
const killed = (node: string, at: number, until: story.Story): string[] | undefined => {
  const nodes = { [node]: { signalled: true, exited: true, actionsInHand: [] } }
  const entries = scenario(
    ...until.filter(([when]) => when < at),
    [at, story.armedKill(node)],
    [at, story.read('fault f1 begun', story.runningRows('e1'))],
    [at, { kind: 'fault.begun', fault: 'f1' }],
    [at, { kind: 'fault.ended', fault: 'f1' }],
    [at, { kind: 'fault.evidence', fault: 'f1', links: {}, nodes }],
    ...until.filter(([when]) => when >= at),
    ...rest(doneRows('e1'), { asked: { faultless: false } }),
  )
  return verdictOn(entries).faults[0]?.whyNot
}

const commit = (at: number): story.Story => [
  [
    at,
    {
      kind: 'transaction.ended',
      link: 'engine-1.postgres',
      connection: 1,
      transaction: 1,
      outcome: 'committed',
      statements: 1,
      touched: ['update action_executions_v2'],
      ids: [],
    },
  ],
]

describe('a fault that kills an engine or an api', () => {
  it('proves something if it had been given work and had committed nothing since', () => {
    expect(
      killed(
        'engine-1',
        55,
        [...life, ...commit(45)].toSorted(([a], [b]) => a - b),
      ),
    ).to.deep.equal([])
  })

  it('proves nothing if all that it had been given was committed', () => {
    const idle = ['node engine-1 had no work in hand']
    expect(
      killed(
        'engine-1',
        58,
        [...life, ...commit(57)].toSorted(([a], [b]) => a - b),
      ),
    ).to.deep.equal(idle)
  })

  it('proves something while an api waits for an answer, and nothing afterwards', () => {
    expect(killed('api-1', 15, life)).to.deep.equal([])
    expect(killed('api-1', 50, life)).to.deep.equal(['node api-1 had no work in hand'])
  })
})
