import type { GapExpected } from '../ledger/promise-entries.ts'
import type { KnownGap } from './gaps.ts'

/** A known gap as the journal has it. */
export const gapExpected = (scenario: string, { breaks, ...gap }: KnownGap): GapExpected => ({
  kind: 'gap.expected',
  scenario,
  ...gap,
  breaks: breaks.map(({ word, text, evidence = [], ...more }) => ({
    ...more,
    word,
    text: String(text),
    evidence: evidence.map(String),
  })),
})

/** The gap that an entry of the journal tells of. */
export const gapFrom = ({ name, because, breaks, rpc, mistral, seen }: GapExpected): KnownGap => ({
  name,
  because,
  rpc,
  mistral,
  seen,
  breaks: breaks.map(({ word, text, evidence, ...more }) => ({
    ...more,
    word,
    text: patternFrom(text),
    evidence: evidence.map(patternFrom),
  })),
})

function patternFrom(text: string): RegExp {
  const end = text.lastIndexOf('/')
  return new RegExp(text.slice(1, end), text.slice(end + 1))
}
