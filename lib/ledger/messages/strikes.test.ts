import { expect } from 'chai'
import type { Entry } from '../entries.ts'
import { ids, renumbered, verdictOn, words } from '../judging.helper.ts'
import * as story from '../story.helper.ts'
import type { Verdict } from '../verdict-document.ts'
import { A1, expiredRows, life, upTo } from './life.helper.ts'
import { strikesOn } from './message-strikes.ts'
import { trafficOf } from './traffic.ts'
import * as wire from './wire.helper.ts'

const { broker, doneRows, effect, rest, scenario } = story
const {
  acked,
  closed,
  confirmed,
  delivered,
  passed,
  published,
  putIn,
  released,
  result,
  runAction,
  withheld,
} = wire

const asked = { expect: 'ERROR' } as const
const call = runAction(A1)
const sent = published('engine-1', 2, call)
const got = delivered('executor-1', 1, call)
/** A copy of it, as the client sees it. */
const COPY = 2 ** 48 + 1

/** `e1` until its first action, which then was never heard of, and what happened to its call. */
const gone = (...then: story.Story): Entry[] => scenario(...upTo(...then), ...rest(expiredRows, { asked }))
/** `e1` as it should be, and what happened then. */
const alive = (...then: story.Story): Entry[] => scenario(...life, ...then, ...rest(doneRows('e1')))

const told = (verdict: Verdict, word: 'lost' | 'duplicated' | 'parked' = 'lost'): string[] =>
  verdict.findings[word].flatMap(({ object, text }) =>
    object === 'message' ? [text.slice(text.indexOf('): ') + 3)] : [],
  )

const dropped: story.Story = [
  [30, sent],
  [30, withheld(sent)],
  [30, putIn(confirmed('engine-1', 2))],
]
const droppedBehind: story.Story = [
  [30, sent],
  [31, confirmed('engine-1', 2)],
  [32, got],
  [32, withheld(got)],
  [32, putIn(acked('executor-1', 1))],
]
/** Another executor has the copy, which is a publish more. */
const twice: story.Story = [
  [90, putIn(published('engine-1', 0, call))],
  [91, delivered('executor-2', 1, call)],
  [92, acked('executor-2', 1)],
]
/** The same executor is given it once more. */
const deliveredTwice: story.Story = [
  [90, putIn(delivered('executor-1', COPY, call))],
  [91, effect('e1', 't1')],
  [92, acked('executor-1', COPY, { until: 200 })],
]

describe('the verdict on messages that were struck', () => {
  it('says lost of one that was taken out before the broker had it, whatever its publisher was told', () => {
    for (const then of [dropped, dropped.slice(0, 2)]) {
      const verdict = verdictOn(gone(...then))
      expect(told(verdict)).to.deep.equal(['never reached the broker: it was taken out on engine-1.rabbitmq'])
      expect(ids(verdict, 'lost')).to.include(call.identity)
      expect(words(verdict)).to.not.include('evidence')
    }
  })

  it('says lost of one that was taken out before its consumer had it, and acknowledged', () => {
    expect(told(verdictOn(gone(...droppedBehind)))).to.deep.equal([
      'never reached its consumer: it was taken out on executor-1.rabbitmq',
    ])
  })

  it('says parked of such a one that the broker waits for, and lost if it is in no queue after its connection', () => {
    const kept = droppedBehind.slice(0, 4)
    expect(told(verdictOn(gone(...kept)), 'parked')).to.deep.equal([
      'parked: it was taken out on executor-1.rabbitmq',
    ])
    const over: story.Story = [...kept, [40, closed('executor-1.rabbitmq', 10_000, 2)]]
    const queues = broker([{ name: 'mistral_executor' }])
    const verdict = verdictOn(scenario(...upTo(...over), ...rest(expiredRows, { asked, queues })))
    expect(told(verdict)).to.deep.equal(['never delivered: it was taken out on executor-1.rabbitmq'])
  })

  it('is unknown if such a one was acknowledged after all, or the broker waits for nothing', () => {
    const kept = droppedBehind.slice(0, 4)
    const queues = broker([{ name: 'mistral_executor' }])
    const settled = verdictOn(scenario(...upTo(...kept), ...rest(expiredRows, { asked, queues })))
    const answered = verdictOn(gone(...kept, [33, acked('executor-1', 1)]))
    for (const verdict of [settled, answered])
      expect(verdict.reasons.find(({ word }) => word === 'evidence')?.ids).to.deep.equal([call.identity])
  })

  it('is valid if it came back when its connection had closed', () => {
    const back: story.Story = [
      ...droppedBehind.slice(0, 4),
      [33, closed('executor-1.rabbitmq', 10_000, 2)],
      [34, delivered('executor-2', 1, call, { redelivered: true })],
      [35, acked('executor-2', 1)],
    ]
    const rows = {
      executions: [story.executionRow('e1', 'ERROR')],
      tasks: [story.taskRow('e1', 't1')],
      actions: [story.actionRow('e1.t1')],
    }
    const done: story.Story = [
      ...back,
      [40, effect('e1', 't1')],
      ...passed(50, result(A1), ['executor-2', 1], ['engine-1', 2]),
    ]
    const verdict = verdictOn(scenario(...upTo(...done), ...rest(rows, { asked })))
    expect(verdict.counts.messages).to.include({ done: 4, lost: 0, parked: 0, unknown: 0 })
  })

  it('says duplicated of one of which a copy was put in', () => {
    for (const then of [twice, deliveredTwice]) {
      const verdict = verdictOn(alive(...then))
      const on = then === twice ? 'engine-1.rabbitmq' : 'executor-1.rabbitmq'
      expect(told(verdict, 'duplicated')).to.deep.equal([
        `done more than once: a second copy was put in on ${on}`,
      ])
      expect(words(verdict)).to.not.include('evidence')
    }
  })

  it('says lost of a result that was taken out, though another one of its action has arrived', () => {
    const second = published('executor-2', 1, { ...result(A1), identity: 'u:second' })
    expect(told(verdictOn(alive([90, second], [90, withheld(second)])))).to.deep.equal([
      'never reached the broker: it was taken out on executor-2.rabbitmq',
    ])
  })

  it('is valid if something was only held back, with what overtook it', () => {
    const [first, second] = [published('engine-1', 4, runAction('a:x')), published('engine-1', 5, call)]
    const entries = alive(
      [90, first],
      [90, withheld(first)],
      [91, second],
      [100, released(first)],
      [101, confirmed('engine-1', 4)],
      [101, confirmed('engine-1', 5)],
    )
    const { messages, strays } = trafficOf(entries)
    expect(strays).to.deep.equal([])
    const [held, passing] = [messages.get('u:run:a:x'), messages.get(call.identity)]
    if (!held || !passing) throw new Error('no such messages')
    expect(strikesOn(held).map(({ text }) => text)).to.deep.equal([
      `held back for 10 ms on engine-1.rabbitmq, overtaken by message ${call.identity}`,
    ])
    expect(strikesOn(passing)).to.deep.equal([])
    expect(held.sends[0]?.reached).to.equal('yes')
  })

  it('does not count an ack that was taken out, until it is let go', () => {
    const ack = acked('executor-1', 3)
    const entries = (...then: story.Story) =>
      trafficOf(
        alive(
          [90, published('engine-1', 4, runAction('a:x'))],
          [91, delivered('executor-1', 3, runAction('a:x'))],
          [92, ack],
          [92, withheld(ack)],
          ...then,
        ),
      ).messages.get('u:run:a:x')
    const strikes = (...then: story.Story) => {
      const message = entries(...then)
      return message && strikesOn(message).map(({ text }) => text)
    }
    expect(strikes()).to.deep.equal(['its ack taken out on executor-1.rabbitmq'])
    expect(strikes([95, released(ack)])).to.deep.equal(['its ack held back for 3 ms on executor-1.rabbitmq'])
    expect(strikes([95, putIn(acked('executor-1', 3))])).to.deep.equal([
      'its ack taken out on executor-1.rabbitmq',
      'its ack put in on executor-1.rabbitmq',
    ])
  })

  it('says lost of one that was let go too late, and taken out for good', () => {
    const late: story.Story = [...dropped.slice(0, 2), [40, released(sent)], [40, withheld(sent)]]
    const verdict = verdictOn(gone(...late))
    expect(told(verdict)).to.deep.equal(['never reached the broker: it was taken out on engine-1.rabbitmq'])
    expect(words(verdict)).to.not.include('evidence')
  })

  it('is not changed by a confirm that its publisher did not hear of', () => {
    const entries = alive()
    const confirm = confirmed('engine-1', 2)
    const at = entries.findIndex((entry) => entry.kind === 'message.confirmed' && entry.tag === 2)
    const unheard = entries.toSpliced(at + 1, 0, { ...entries[at]!, ...withheld(confirm) } as Entry)
    expect(verdictOn(renumbered(unheard)).reasons).to.deep.equal([])
  })

  it('does not take a multiple ack for one of what its consumer never had', () => {
    const [first, second] = [runAction('a:x'), runAction('a:y')]
    const lost = delivered('executor-1', 3, first)
    const entries = alive(
      [90, published('engine-1', 4, first)],
      [90, published('engine-1', 5, second)],
      [91, lost],
      [91, withheld(lost)],
      [91, delivered('executor-1', 4, second)],
      [92, acked('executor-1', 4, { multiple: true })],
    )
    const { messages } = trafficOf(entries)
    expect(messages.get('u:run:a:x')?.deliveries[0]).to.have.property('answer', undefined)
    expect(messages.get('u:run:a:y')?.deliveries[0]).to.have.property('answer')
  })

  describe('changes, and names the message or the entry,', () => {
    const stories = { dropped, droppedBehind, twice, deliveredTwice }
    for (const [name, then] of Object.entries(stories)) {
      const judged = name.startsWith('dropped') ? gone(...then) : alive(...then)
      for (const [index, entry] of judged.entries()) {
        const isStrike = entry.kind === 'message.withheld' || ('inserted' in entry && entry.inserted)
        if (!isStrike) continue
        it(`if entry ${index + 1} of ${name}, ${entry.kind}, is missing or there twice`, () => {
          const missing = verdictOn(renumbered(judged.toSpliced(index, 1)))
          const doubled = verdictOn(renumbered(judged.toSpliced(index, 0, entry)))
          for (const verdict of [missing, doubled]) {
            expect(verdict.outcome).to.not.equal('valid')
            expect(verdict.reasons.flatMap((reason) => reason.ids)).to.include(call.identity)
          }
          // A confirm that was put in is for the publisher alone, and an answer may be put in twice.
          const before = saidOf(verdictOn(judged))
          if (entry.kind !== 'message.confirmed') expect(saidOf(missing)).to.not.deep.equal(before)
          const isAnswer = entry.kind === 'message.confirmed' || entry.kind === 'message.acked'
          if (!isAnswer) expect(saidOf(doubled)).to.not.deep.equal(before)
        })
      }
    }
  })
})

/** What is said of messages, without ordinals. */
function saidOf({ findings, reasons }: Verdict): string[] {
  const messages = Object.values(findings)
    .flat()
    .filter(({ object }) => object === 'message')
  return [...messages, ...reasons].map(({ text }) => text.replaceAll(/entry \d+/g, 'entry'))
}
