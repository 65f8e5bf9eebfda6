import { expect } from 'chai'
import type { Entry } from './entries.ts'
import type { FaultArmed, LinkEvidence } from './fault-entries.ts'
import { published, runAction, withheld } from './messages/wire.helper.ts'
import * as story from './story.helper.ts'
import { judge } from './verdict.ts'
import type { FaultReport } from './verdict-document.ts'

const { armed, doneRows, effect, linkEvidence, read, rest, runningRows, scenario } = story

const link = 'engine-1.rabbitmq'
const sent = published('engine-1', 1, runAction('a:e1.t1', { workflow: 'e1' }))
const DROP: Partial<FaultArmed> = {
  text: 'amqp_drop',
  toxic: { type: 'amqp_drop', attributes: {}, streams: ['upstream'], toxicity: 1, onMessages: true },
  extent: 'moment',
}

const called = (type: string) => ({ type, attributes: {}, streams: ['upstream'] as const, toxicity: 1 })

/** A fault on messages that fired at 1 s, unless told otherwise. */
function fault(what: {
  during?: story.Story[number][1][]
  evidence?: Partial<LinkEvidence>
  atBegin?: story.Rows
  fires?: boolean
  toxic?: FaultArmed['toxic']
}): FaultReport {
  const { during = [], evidence = {}, atBegin = {}, fires = true, toxic } = what
  const fired: story.Story = [
    [1_000, { kind: 'fault.begun', fault: 'f1' }],
    ...during.map((fact): story.Story[number] => [1_000, fact]),
    [1_001, read('fault f1 begun', atBegin)],
    [9_000, { kind: 'fault.ended', fault: 'f1' }],
  ]
  const entries: Entry[] = scenario(
    [100, effect('e1', 't1')],
    [900, armed({ ...DROP, ...(toxic && { toxic }) })],
    ...(fires ? fired : []),
    [9_001, { kind: 'fault.evidence', fault: 'f1', links: { [link]: linkEvidence(evidence) }, nodes: {} }],
    [20_000, effect('e1', 't2')],
    ...rest(doneRows('e1'), { asked: { faultless: false } }),
  )
  const [report] = judge(entries, 's/1').faults
  if (!report) throw new Error('no fault is reported')
  return report
}

describe('a fault on messages', () => {
  const atBegin = runningRows('e1')

  it('has a victim in the execution whose message it struck', () => {
    const report = fault({ during: [sent, withheld(sent)], evidence: { messagesStruck: 1 } })
    expect(report).to.deep.include({ whyNot: [], victims: ['e1'], matched: 1, applied: 1 })
  })

  it('proves something too where nothing of it can be seen on the wire, if workflows ran', () => {
    expect(fault({ during: [sent], evidence: { messagesStruck: 1 }, atBegin }).whyNot).to.deep.equal([])
  })

  it('is told by what its toxic is, not by what it is called', () => {
    const own = fault({ during: [sent], atBegin, toxic: { ...called('thief'), onMessages: true } })
    expect(own.whyNot).to.deep.equal([`link ${link}: no message was struck`])
    const ofBytes = fault({ evidence: { bytesDropped: 9 }, atBegin, toxic: called('amqp_bytes') })
    expect(ofBytes.whyNot.join()).not.to.contain('no message was struck')
  })

  it('proves nothing if it struck no message', () => {
    expect(fault({ during: [sent], atBegin }).whyNot).to.deep.equal([`link ${link}: no message was struck`])
  })

  it('proves nothing if what it struck was nobody’s', () => {
    expect(fault({ evidence: { messagesStruck: 1 }, atBegin }).whyNot).to.deep.equal([
      `link ${link}: no message of a workflow was struck, and none passed meanwhile`,
    ])
  })

  it('says so if it never fired, and of how many messages it could not be told', () => {
    expect(fault({ fires: false }).whyNot).to.deep.equal(['it never fired'])
    expect(fault({ fires: false, evidence: { messagesUndecided: 2 } }).whyNot).to.deep.equal([
      'it never fired; of 2 messages it could not be told whether they were meant',
    ])
  })
})
