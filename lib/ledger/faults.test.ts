import { expect } from 'chai'
import type { Entry, Fact } from './entries.ts'
import type { FaultArmed, LinkEvidence } from './fault-entries.ts'
import { renumbered } from './judging.helper.ts'
import { closed, published, runAction } from './messages/wire.helper.ts'
import * as story from './story.helper.ts'
import { judge } from './verdict.ts'

const { scenario, rest, effect, doneRows, runningRows, read, together } = story

const link = 'engine-1.rabbitmq'
/** On connection 1 of the link, on which the fault strikes. */
const message: story.Story[number] = [50, published('engine-1', 1, runAction('a:e1.t1'))]
const cut = { ...closed(link), cutBy: 'disabled' } as Fact
const before: story.Story = [message, [100, effect('e1', 't1')]]
const after: story.Story = [
  [20_000, effect('e1', 't2')],
  ...rest(doneRows('e1'), { asked: { faultless: false } }),
]
const HOLE: Partial<FaultArmed> = {
  toxic: {
    type: 'timeout',
    attributes: { timeout: 0 },
    streams: ['upstream', 'downstream'],
    toxicity: 1,
  },
}
const CUT: Partial<LinkEvidence> = { connectionsCut: 3 }

const fault = (word: 'begun' | 'ended') => ({ kind: `fault.${word}`, fault: 'f1' }) as const
const evidence = (more: Partial<LinkEvidence>) =>
  ({ kind: 'fault.evidence', fault: 'f1', links: { [link]: story.linkEvidence(more) }, nodes: {} }) as const

/** A fault on a link, from 1 s to 9 s, over an execution that ran all the time: it cuts a connection that was busy. */
function linkFault(
  what: {
    armed?: Partial<FaultArmed>
    evidence?: Partial<LinkEvidence>
    /** What was seen on the wire before the fault, and while it lasted. */
    earlier?: story.Story
    during?: Fact[]
    atBegin?: story.Rows
    atEnd?: story.Rows
  } = {},
): Entry[] {
  const during = (what.during ?? [cut]).map((fact): story.Story[number] => [2_000, fact])
  return scenario(
    ...(what.earlier ?? before),
    [900, story.armed(what.armed)],
    [999, read('fault f1 begun', what.atBegin ?? runningRows('e1'))],
    [1_000, fault('begun')],
    ...during,
    [9_000, fault('ended')],
    [9_001, evidence(what.evidence ?? CUT)],
    [9_002, read('fault f1 ended', what.atEnd ?? runningRows('e1'))],
    ...after,
  )
}

/** A node that was killed at 1 s. */
function kill(
  node: string,
  hand: { signalled?: boolean; exited?: boolean; actionsInHand?: string[] },
): Entry[] {
  const nodes = { [node]: { signalled: true, exited: true, actionsInHand: [], ...hand } }
  return scenario(
    ...before,
    [900, story.armedKill(node)],
    [999, read('fault f1 begun', runningRows('e1'))],
    [1_000, fault('begun')],
    [1_100, fault('ended')],
    [1_101, { kind: 'fault.evidence', fault: 'f1', links: {}, nodes }],
    ...after,
  )
}

const on = (entries: Entry[]) => {
  const verdict = judge(entries, 's/1')
  const report = verdict.faults[0]
  if (!report) throw new Error('no fault is reported')
  return { ...verdict, report, whyNot: report.whyNot }
}

const ran: story.Story = [[100, effect('e1', 't1')]]
const written = (touched: string[]): Fact => ({
  kind: 'transaction.ended',
  link,
  connection: 1,
  transaction: 1,
  outcome: 'committed',
  statements: 1,
  touched,
  ids: [],
})

describe('a fault proves something', () => {
  it('if it cut a connection that had carried business', () => {
    const { outcome, report } = on(linkFault())
    expect(outcome).to.equal('valid')
    expect(report).to.deep.include({
      fault: 'f1',
      armed: 1,
      matched: 1,
      applied: 1,
      victims: ['e1'],
      whyNot: [],
    })
  })

  it('if it delayed or dropped what belongs to workflows: messages, and transactions that write', () => {
    const delayed = { evidence: { chunksDelayed: 1 }, earlier: ran }
    const nothing = [
      `link ${link} carried neither a message of a workflow nor a transaction that writes meanwhile`,
    ]
    for (const [during, whyNot] of [
      [[message[1]], []],
      [[written(['update task_executions_v2'])], []],
      [[written([])], nothing],
      [[{ ...message[1], link: 'api-1.rabbitmq' } as Fact], nothing],
      [[], nothing],
    ] as const)
      expect(on(linkFault({ ...delayed, during: [...during] })).whyNot).to.deep.equal(whyNot)
  })

  it('as a black hole only if it swallowed something: it cuts its connections when it ends, idle ones too', () => {
    const idleCut = on(linkFault({ armed: HOLE, evidence: CUT }))
    expect(idleCut.outcome).to.equal('unknown')
    expect(idleCut.whyNot).to.deep.equal([`link ${link}: nothing was swallowed`])
    expect(on(linkFault({ armed: HOLE, evidence: { ...CUT, bytesDropped: 1 } })).outcome).to.equal('valid')
  })

  it('as a black hole of a real Toxiproxy likewise, and says how more can be known', () => {
    const entries = linkFault({ armed: HOLE, evidence: CUT })
    const fronted = entries.map((entry) =>
      entry.kind === 'run.begun' ? { ...entry, toxiproxy: 'http://127.0.0.1:8474 (2.12.0)' } : entry,
    )
    expect(on(fronted).outcome).to.equal('unknown')
    expect(on(fronted).whyNot.join()).to.match(/nothing is known to have been swallowed .*-proxy-metrics/)
  })

  it('if an executor had actions in hand when it was killed', () => {
    expect(on(kill('executor-1', { actionsInHand: ['m1'] })).outcome).to.equal('valid')
    expect(on(kill('executor-1', {})).whyNot).to.deep.equal(['node executor-1 had no work in hand'])
  })

  it('if an engine was killed while an execution was under way', () => {
    expect(on(kill('engine-1', {})).outcome).to.equal('valid')
    expect(on(kill('engine-1', { exited: false })).whyNot).to.deep.equal(['node engine-1 did not exit'])
    expect(on(kill('engine-1', { signalled: false })).whyNot).to.deep.equal([
      'node engine-1 was not signalled',
    ])
  })

  it('if one of its links was struck, though others were idle', () => {
    const armed = { links: ['executor-1.rabbitmq', link] }
    const { outcome, report } = on(linkFault({ armed }))
    expect(outcome).to.equal('valid')
    expect(report).to.include({ armed: 2, matched: 1, applied: 1 })
  })
})

const nothing = (entries: Entry[], text: RegExp): void => {
  const { outcome, whyNot, reasons } = on(entries)
  expect(outcome).to.equal('unknown')
  expect(reasons.map(({ word }) => word)).to.include('fault')
  expect(whyNot.join('; ')).to.match(text)
}

describe('a fault proves nothing, which makes the verdict unknown,', () => {
  it('if it was never begun', () =>
    nothing(scenario(...before, [900, story.armed()], ...after), /^it was armed and never begun/))

  it('if nothing says what it did', () => {
    const kinds = linkFault().filter(({ kind }) => kind !== 'fault.evidence')
    nothing(renumbered(kinds), /nothing says what it did; nothing is known of link/)
  })

  it('if it did nothing', () => nothing(linkFault({ evidence: {} }), /nothing was delayed, dropped or cut/))

  it('if it cut connections only that had carried nothing', () => {
    const earlier: story.Story = [[50, { ...message[1], connection: 2 } as Fact], ...ran]
    nothing(linkFault({ earlier }), /none of which had carried business traffic/)
  })

  it('if the connection that had carried business ended by itself meanwhile', () => {
    const idle = { ...cut, connection: 2 } as Fact
    nothing(linkFault({ during: [idle, closed(link)] }), /none of which had carried business traffic/)
  })

  it('if everything had finished when it began', () =>
    nothing(
      linkFault({ atBegin: doneRows('e1'), atEnd: doneRows('e1') }),
      /no judged execution was under way/,
    ))

  it('if everything had finished when it ended', () =>
    nothing(linkFault({ atEnd: doneRows('e1') }), /no judged execution was under way/))

  it('if no work was owed any more when it began', () => {
    const atBegin = { ...doneRows('e1'), executions: [story.executionRow('e1', 'RUNNING')] }
    nothing(linkFault({ atBegin }), /with work owed/)
  })

  it('if it lasts about as long as a time-out', () =>
    nothing(
      linkFault({ armed: { durationMs: 10_500 } }),
      /it lasts 10.5 s, which ties with rpc_response_timeout \(10.0 s\)/,
    ))

  it('if it should have ended and did not', () => {
    const entries = renumbered(linkFault().filter(({ kind }) => kind !== 'fault.ended'))
    expect(on(entries).whyNot.join('; ')).to.match(/it never ended/)
    const lasting = linkFault({ armed: { extent: 'end' } }).filter(({ kind }) => kind !== 'fault.ended')
    expect(on(renumbered(lasting)).whyNot).to.deep.equal([])
  })

  it('if it was set on nothing', () =>
    nothing(linkFault({ armed: { links: [] } }), /it was set on no link and no node/))

  it('and if one of two did', () => {
    const entries = linkFault()
    const last = entries.findIndex(({ kind }) => kind === 'settled')
    const second = story.journalOf([[29_000, story.armed({ fault: 'f2' })]])
    const both = renumbered(entries.toSpliced(last, 0, ...second))
    const { outcome, reasons } = judge(both, 's/1')
    expect(outcome).to.equal('unknown')
    expect(reasons.map(({ ids }) => ids)).to.deep.equal([['f2']])
  })

  it('but does not excuse what was proven otherwise', () => {
    const entries = scenario(...before, [101, effect('e1', 't1')], [900, story.armed()], ...after)
    const { outcome, reasons } = judge(entries, 's/1')
    expect(outcome).to.equal('invalid')
    expect(reasons.map(({ word }) => word)).to.deep.equal(['duplicated', 'fault'])
  })
})

describe('the victims of a fault', () => {
  it('are the executions of this scenario that owed work from its start to its end', () => {
    const [open, done] = [runningRows('e1'), doneRows('e2')]
    const foreign = runningRows('e3')
    const before = together(open, runningRows('e2'), foreign, runningRows('e4'))
    const entries = scenario(
      ...['e2', 'e4'].map((id): story.Story[number] => [5, story.requested(id)]),
      [900, story.armed()],
      [999, read('fault f1 begun', before)],
      [1_000, fault('begun')],
      [9_000, fault('ended')],
      [9_001, evidence(CUT)],
      [9_002, read('fault f1 ended', together(open, done, foreign, runningRows('e4')))],
      ...rest(together(doneRows('e1'), done, doneRows('e4'))),
    )
    expect(on(entries).report.victims).to.deep.equal(['e1', 'e4'])
  })

  it('owe work as long as one of their tasks is open', () => {
    const rows = {
      ...doneRows('e1'),
      executions: [story.executionRow('e1', 'RUNNING')],
      tasks: [story.taskRow('e1', 't1'), story.taskRow('e1', 't2', 'RUNNING')],
    }
    expect(on(linkFault({ atBegin: rows })).report.victims).to.deep.equal(['e1'])
  })
})

describe('a fault that is still on', () => {
  it('leaves the run unsettled', () => {
    for (const extent of ['span', 'end'] as const) {
      const entries = linkFault({ armed: { extent } }).filter(({ kind }) => kind !== 'fault.ended')
      const { outcome, reasons } = judge(renumbered(entries), 's/1')
      expect(outcome).to.equal('unknown')
      expect(reasons[0]?.text).to.equal('fault f1 is still on')
    }
  })
})

const recovered = (entries: Entry[]) => on(entries).report.recovery

describe('recovery', () => {
  // The first reading in which e1 is terminal is that at 30 s.
  it('counts from the end of a span', () => {
    expect(recovered(linkFault())).to.deep.equal({ perExecution: { e1: 21 }, min: 21, median: 21, max: 21 })
    expect(on(linkFault()).findings.recovered[0]?.text).to.equal(
      'execution e1 was terminal 21.0 s after f1 (down for 8 s)',
    )
  })

  it('counts from the beginning of a moment, and of what lasts until the judging', () => {
    expect(recovered(kill('engine-1', {}))?.max).to.equal(29)
    expect(recovered(linkFault({ armed: { extent: 'end' } }))?.max).to.equal(29)
  })

  it('leaves out what was not RUNNING at its begin, or ended before it did', () => {
    const paused = { ...runningRows('e1'), executions: [story.executionRow('e1', 'PAUSED')] }
    expect(recovered(linkFault({ atBegin: paused }))).to.equal(null)
    const early = scenario(
      ...before,
      [900, story.armed()],
      [999, read('fault f1 begun', runningRows('e1'))],
      [1_000, fault('begun')],
      [5_000, read('waiting', doneRows('e1'))],
      [9_000, fault('ended')],
      ...after,
    )
    expect(recovered(early)).to.equal(null)
  })

  it('is of nothing where the fault proved nothing', () => {
    const { report, findings } = on(linkFault({ evidence: {} }))
    expect(report.whyNot).to.have.lengthOf(1)
    expect(report.recovery).to.equal(null)
    expect(findings.recovered).to.deep.equal([])
  })

  it('has the median of several', () => {
    const names = ['e1', 'e2', 'e3', 'e4']
    const running = names.map(runningRows)
    const rows = (done: number) => ({
      executions: names.map((id, index) =>
        story.executionRow(id, index >= names.length - done ? 'SUCCESS' : 'RUNNING'),
      ),
    })
    const entries = scenario(
      ...names.slice(1).map((id): story.Story[number] => [5, story.requested(id)]),
      message,
      [900, story.armed()],
      [999, read('fault f1 begun', { executions: running.flatMap(({ executions }) => executions) })],
      [1_000, fault('begun')],
      [2_000, cut],
      [9_000, fault('ended')],
      [9_001, evidence(CUT)],
      ...[1, 2, 3, 4].map((done): story.Story[number] => [9_000 + done * 1_000, read('waiting', rows(done))]),
      ...rest(rows(4)),
    )
    expect(recovered(entries)).to.deep.include({ min: 1, median: 2.5, max: 4 })
  })
})
