import { expect } from 'chai'
import { WORDS, type Finding, type Reason, type Verdict, type Word } from '../ledger/verdict-document.ts'
import { appliesTo, gapOutcome, unforetold, type KnownGap } from './gaps.ts'

const forced: KnownGap = {
  name: 'results are lost',
  because: 'it does',
  breaks: [
    { word: 'failed', text: /is ERROR$/, evidence: [/^action a\d expired$/] },
    { word: 'lost', text: /ran 0 times$/ },
  ],
  rpc: ['oslo'],
  mistral: [15],
  seen: 'forced',
}
const mayBreak: KnownGap = { ...forced, seen: '2 of 22' }

type Said = Partial<Record<Word, Partial<Finding>[]>>

/** The parts of a verdict that a gap is held against: one reason for each word that is not allowed. */
function verdict(said: Said = {}, ...doubts: Reason[]): Verdict {
  const findings = Object.fromEntries(
    WORDS.map((word) => [word, (said[word] ?? []).map((one) => ({ evidence: [], allowed: false, ...one }))]),
  )
  const broken = WORDS.filter((word) => findings[word]?.some(({ allowed }) => !allowed))
  const reasons = [...broken.map((word) => ({ outcome: 'invalid', word, text: '', ids: [] })), ...doubts]
  const outcome = broken.length > 0 ? 'invalid' : doubts.length > 0 ? 'unknown' : 'valid'
  return { outcome, reasons, findings } as unknown as Verdict
}

const doubt: Reason = { outcome: 'unknown', word: 'fault', text: '', ids: [] }
const expired = { text: 'execution e1 is ERROR', evidence: ['answered 201', 'action a1 expired'] }
const valid = verdict()
const asKnown = verdict({ failed: [expired], lost: [{ text: 'task t1 was owed and ran 0 times' }] })

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
      for (const one of [
        verdict({ failed: [expired], duplicated: [{ text: 'one attempt ran 2 times' }] }),
        verdict({ failed: [expired] }, doubt),
        verdict({}, doubt),
      ])
        expect(gapOutcome(gap, one)).to.equal(undefined)
  })

  it('covers no finding of another text or another cause', () => {
    for (const another of [
      { ...expired, text: 'execution e1 is CANCELLED' },
      { ...expired, evidence: ['answered 201'] },
    ]) {
      const found = verdict({ failed: [expired, another] })
      expect(gapOutcome(forced, found)).to.equal(undefined)
      expect(unforetold(forced, found)).to.deep.equal([{ ...another, allowed: false }])
    }
  })

  it('minds no finding that the suite allows', () => {
    const allowed = { text: 'ran in 2 attempts', allowed: true }
    const found = verdict({
      failed: [expired],
      lost: [{ text: 'task t1 was owed and ran 0 times' }],
      repeated: [allowed],
    })
    expect(gapOutcome(forced, found)?.state).to.equal('open')
  })

  it('that is forced is another one where half of what it foretells is missing', () => {
    const half = verdict({ failed: [expired] })
    expect(gapOutcome(forced, half)).to.equal(undefined)
    expect(gapOutcome(mayBreak, half)?.state).to.equal('may break')
  })

  it('holds for its drivers and versions only', () => {
    const versions = { crosswind: '', node: '', mistral: '15.0.0', rabbitmq: '', postgres: '' }
    expect(appliesTo(forced, { rpc: 'oslo', versions })).to.equal(true)
    expect(appliesTo(forced, { rpc: 'kombu', versions })).to.equal(false)
    expect(appliesTo(forced, { rpc: 'oslo', versions: { ...versions, mistral: '23.0.0' } })).to.equal(false)
  })
})
