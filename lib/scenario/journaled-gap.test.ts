import { expect } from 'chai'
import type { KnownGap } from './gaps.ts'
import { gapExpected, gapFrom } from './journaled-gap.ts'

const GAP: KnownGap = {
  name: 'results are lost',
  because: 'it does',
  breaks: [
    { word: 'failed', text: /^a\/b "is" \w+$/iu, evidence: [/one/, /two\n/s] },
    { word: 'lost', text: /x/, evidence: [] },
  ],
  rpc: ['oslo', 'kombu'],
  mistral: [15],
  seen: '2 of 22',
}

describe('A known gap in the journal', () => {
  it('is told from its text as it was', () => {
    const entry = gapExpected('s/1', GAP)
    expect(gapFrom(JSON.parse(JSON.stringify(entry)) as typeof entry)).to.deep.equal(GAP)
  })

  it('has its patterns as people write them, and no evidence where none is asked for', () => {
    const [failed] = gapExpected('s/1', GAP).breaks
    expect(failed).to.deep.equal({
      word: 'failed',
      text: String.raw`/^a\/b "is" \w+$/iu`,
      evidence: ['/one/', String.raw`/two\n/s`],
    })
    const { evidence: _, ...bare } = { word: 'lost', text: /x/, evidence: [] } as const
    expect(gapExpected('s/1', { ...GAP, breaks: [bare] }).breaks[0]?.evidence).to.deep.equal([])
  })
})
