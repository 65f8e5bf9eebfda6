import { expect } from 'chai'
import type { Verdict } from '../ledger/verdict-document.ts'
import { appliesTo, gapOutcome, type KnownGap } from './gaps.ts'

const forced: KnownGap = {
  name: 'results are lost',
  because: 'it does',
  words: ['failed', 'lost'],
  rpc: ['oslo'],
  mistral: [15],
  seen: 'forced',
}
const mayBreak: KnownGap = { ...forced, seen: '2 of 22' }

/** The parts of a verdict that a gap is held against. */
const verdict = (outcome: Verdict['outcome'], ...reasons: [Verdict['outcome'], string][]): Verdict =>
  ({
    outcome,
    reasons: reasons.map(([of, word]) => ({ outcome: of, word, text: '', ids: [] })),
  }) as unknown as Verdict

const valid = verdict('valid')
const asKnown = verdict('invalid', ['invalid', 'failed'])
const inAnotherWay = verdict('invalid', ['invalid', 'failed'], ['invalid', 'duplicated'])
const withADoubt = verdict('invalid', ['invalid', 'failed'], ['unknown', 'fault'])

describe('A known gap', () => {
  it('that is forced is open when it breaks as known, and closed when it does not break', () => {
    expect(gapOutcome(forced, asKnown)?.state).to.equal('open')
    expect(gapOutcome(forced, valid)?.state).to.equal('closed')
  })

  it('that may break is as known either way, and says how often it was seen', () => {
    for (const one of [asKnown, valid]) {
      expect(gapOutcome(mayBreak, one)?.state).to.equal('may break')
      expect(gapOutcome(mayBreak, one)?.text).to.include('2 of 22')
    }
  })

  it('covers no other word, no doubt, and nothing unknown', () => {
    for (const gap of [forced, mayBreak])
      for (const one of [inAnotherWay, withADoubt, verdict('unknown', ['unknown', 'fault'])])
        expect(gapOutcome(gap, one)).to.equal(undefined)
  })

  it('holds for its drivers and versions only', () => {
    const versions = { crosswind: '', node: '', mistral: '15.0.0', rabbitmq: '', postgres: '' }
    expect(appliesTo(forced, { rpc: 'oslo', versions })).to.equal(true)
    expect(appliesTo(forced, { rpc: 'kombu', versions })).to.equal(false)
    expect(appliesTo(forced, { rpc: 'oslo', versions: { ...versions, mistral: '23.0.0' } })).to.equal(false)
  })
})
