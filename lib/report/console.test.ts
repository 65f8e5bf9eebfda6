import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { promiseEnded, stepLine, storyHeading } from './console.ts'
import {
  broken,
  fault,
  HOSTILE,
  ID,
  kept,
  report,
  stuckFinding,
  unjudged,
  verdict,
} from './examples.helper.ts'

const LOG = { colour: false, width: Infinity }

describe('console', () => {
  it('tells a step of the boot', () => {
    expect(stepLine({ what: 'rabbitmq', ms: 4_912 }, LOG)).to.equal('  ✓ rabbitmq  4.9 s')
  })

  it('tells a kept promise in one line', () => {
    expect(promiseEnded(kept(), report(), LOG)).to.equal(
      '  ✓ loses no message   recovered 2.1–8.4 s (median 3.0)  24.3 s',
    )
    expect(promiseEnded(kept({ verdict: verdict({ faults: [fault([])] }) }), report(), LOG)).to.equal(
      '  ✓ loses no message   24.3 s',
    )
  })

  it('puts the details on a line of their own where the terminal is narrow', () => {
    expect(promiseEnded(kept(), report(), { colour: false, width: 50 }).split('\n')).to.deep.equal([
      '  ✓ loses no message',
      '    recovered 2.1–8.4 s (median 3.0)  24.3 s',
    ])
  })

  it('tells repetitions, known gaps, notes and what is not applicable', () => {
    const gap = { name: 'lost-start', state: 'open', text: 'a start is lost' } as const
    const text = promiseEnded(kept({ gap, repeat: 2, notes: ['engine-2 was replaced'] }), report(), LOG)
    expect(text).to.match(/^ {2}✓ loses no message @2 {3}known gap lost-start, broke as known; recovered/)
    expect(text).to.match(/\n {6}note: engine-2 was replaced$/)
    expect(promiseEnded(unjudged('not applicable', 'needs 2 executors'), report(), LOG)).to.equal(
      '  – loses no message   not applicable: needs 2 executors  24.3 s',
    )
    expect(promiseEnded(unjudged('skipped', 'it skipped itself'), report(), LOG)).to.equal(
      '  – loses no message   skipped: it skipped itself  24.3 s',
    )
  })

  it('tells why a promise is broken: ids, states, log lines and the command', () => {
    const lines = promiseEnded(broken(), report(), LOG).split('\n')
    expect(lines).to.deep.equal([
      '  ✗ finishes every workflow   broken; recovered 2.1–8.4 s (median 3.0)  24.3 s',
      '      expected the verdict to be valid',
      '      stuck: 1 execution is stuck',
      `        task t3 (${ID}) is RUNNING and has only finished children (1) (of execution e-root)`,
      '          no job names it',
      '          its next integrity check is past',
      "      last lines of engine-1's log:",
      '        │ ERROR oslo_db lost connection',
      "      replay: npm start -- postgres-reset --grep '^RabbitMQ is unreachable for eight seconds finishes every workflow$' --seed plum-42 --engines 2 --executors 2 --apis 1 --rpc oslo",
    ])
  })

  it('names every id, also of the findings that it does not detail, on any width', () => {
    const ids = Array.from({ length: 40 }, (_, index) => `${ID.slice(0, -2)}${index + 10}`)
    const stuck = ids.map(stuckFinding)
    const promise = broken({
      verdict: verdict({ ...broken().verdict, findings: { ...verdict().findings, stuck } }),
    })
    const text = promiseEnded(promise, report(), { colour: false, width: 20 })
    expect(ids.filter((id) => !text.includes(id))).to.deep.equal([])
  })

  it('gives the whole text of an error of the harness', () => {
    const text = promiseEnded(unjudged('harness', 'postgres died\nlast line of its log'), report(), LOG)
    expect(text).to.match(/^ {2}! loses no message {3}harness error {2}24\.3 s\n/)
    expect(text).to.include('\n      postgres died\n      last line of its log\n')
  })

  it('lets nobody else command the terminal or the runner', () => {
    const promise = broken({
      promise: HOSTILE,
      error: HOSTILE,
      logLines: [{ node: 'api-1', lines: [HOSTILE] }],
    })
    for (const width of [10, Infinity]) {
      const text = [
        promiseEnded(promise, report(), { colour: false, width }),
        storyHeading(HOSTILE, { colour: false, width }),
      ].join('\n')
      expect(text).not.to.match(/(?!\n)\p{Cc}/u)
      expect(text).not.to.match(/^\s*::/m)
      expect(text).not.to.include('##[')
    }
  })

  it('colours only when told to, and then says the same', () => {
    const coloured = promiseEnded(broken(), report(), { colour: true, width: Infinity })
    expect(coloured).not.to.equal(stripVTControlCharacters(coloured))
    expect(stripVTControlCharacters(coloured)).to.equal(promiseEnded(broken(), report(), LOG))
  })
})
