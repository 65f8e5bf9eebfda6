import { expect } from 'chai'
import { finalSummary } from './console-summary.ts'
import type { RunFacts } from './document.ts'
import { broken, fault, ID, kept, report, unjudged, unknown, verdict } from './examples.helper.ts'

const summary = (over: Partial<RunFacts>): string =>
  finalSummary(report(over), 'runs/20260131-095959-k3v9xq', { colour: false, width: Infinity })

const MIXED = [
  kept(),
  broken(),
  unknown(),
  unjudged('harness', 'x'),
  unjudged('not applicable', 'needs 2 executors'),
]

describe('finalSummary', () => {
  it('ends with exactly the tally', () => {
    expect(summary({ promises: MIXED }).split('\n').at(-1)).to.equal('1 passed, 3 failed, 1 skipped')
    expect(summary({ promises: [], harnessErrors: ['rabbitmq did not start'] })).to.match(
      /\n0 passed, 1 failed, 0 skipped$/,
    )
  })

  it('adds up what the verdicts counted', () => {
    const text = summary({ promises: MIXED })
    expect(text).to.include('Verdict: invalid: 1 broken, 1 unknown, 1 harness error')
    expect(text).to.include('executions  30 started, 29 finished, 0 failed, 1 stuck')
    expect(text).to.include('items       600 owed, 0 ran 0 times')
    expect(text).to.include('attempts    603 made, 603 ran once, 0 ran more than once')
    expect(text).to.include('effects     600 of 600 covered (603 arrived)')
  })

  it('names stuck objects, what is not applicable, the seed, the folder and each command', () => {
    const text = summary({ promises: MIXED })
    expect(text).to.include(`task t3 (${ID}) is RUNNING`)
    expect(text).to.include('Not applicable\n  engine-cut: loses no message: needs 2 executors\n')
    expect(text).to.match(/seed +plum-42/)
    expect(text).to.match(/folder +runs\/20260131-095959-k3v9xq/)
    expect(text.match(/npm start -- (postgres-reset|control|engine-cut) --grep/g)).to.have.length(3)
  })

  it('tells the recovery of each fault, over all repetitions', () => {
    const second = kept({
      scenario: 'rabbitmq-down/1@2',
      repeat: 2,
      verdict: verdict({ faults: [fault([1, 9])] }),
    })
    const text = summary({ promises: [kept(), second] })
    expect(text).to.include('rabbitmq-down/1  down for 8 s: 1.0–9.0 s (median 3.0), 5 executions')
  })

  it('has a table of runs, outcomes and seconds only where there are repetitions', () => {
    expect(summary({ promises: [kept()] })).not.to.include('Repetitions')
    const repeats = [
      kept(),
      kept({ scenario: 'rabbitmq-down/1@2', repeat: 2, verdict: verdict({ faults: [fault([1, 9])] }) }),
      broken(),
      broken({ scenario: 'postgres-reset/1@2', repeat: 2, status: 'kept', verdict: verdict({ faults: [] }) }),
    ]
    const lines = summary({ promises: repeats }).split('\n')
    expect(lines.slice(lines.indexOf('Repetitions') + 1).slice(0, 3)).to.deep.equal([
      '  runs  outcomes          min s  median s  max s  promise',
      '  2     2 kept            1.0    3.0       9.0    rabbitmq-down: loses no message',
      '  2     1 broken, 1 kept  2.1    3.0       8.4    postgres-reset: finishes every workflow',
    ])
  })

  it('says how often a known gap broke, and that one has closed', () => {
    const gap = { name: 'lost-start', text: 'a start is lost' }
    const runs = [
      kept({ gap: { ...gap, state: 'open' } }),
      broken({ scenario: 'rabbitmq-down/1@2', repeat: 2, gap: { ...gap, state: 'closed' } }),
    ]
    expect(summary({ promises: runs })).to.include(
      'rabbitmq-down/1  lost-start: broke in 1 of 2 runs; gap closed, remove it: a start is lost',
    )
  })

  it('says what was skipped, which makes it unknown', () => {
    const text = summary({ promises: [kept(), unjudged('skipped', 'it skipped itself')] })
    expect(text).to.include('Verdict: unknown: 1 skipped\n')
    expect(text).to.include(
      'Skipped, which proves nothing\n  engine-cut: loses no message: it skipped itself\n',
    )
    expect(text.split('\n').at(-1)).to.equal('1 passed, 0 failed, 1 skipped')
  })

  it('says that nothing applied, and that it was interrupted', () => {
    expect(summary({ promises: [unjudged('not applicable', 'x')] })).to.include(
      'Verdict: unknown: no promise applied',
    )
    expect(summary({ interrupted: true })).to.include('Verdict: interrupted\n')
  })
})
