import type { Rpc, RunBegun } from '../ledger/entries.ts'
import type { AllowedWord } from '../ledger/promise-entries.ts'
import { WORDS, type Finding, type Verdict } from '../ledger/verdict-document.ts'
import type { KnownGapOutcome } from './context.ts'

/** A finding as a known gap foretells it. */
export interface Breakage {
  word: AllowedWord
  /** Matches the finding's text. */
  text: RegExp
  /** Each matches a line of its evidence: the cause, as far as it can be seen. */
  evidence?: RegExp[]
  /** It may come with the others, and need not, also where the gap is forced. */
  optional?: true
}

/** A promise that the Mistral under test is known to break, and exactly how. */
export interface KnownGap {
  name: string
  /** Why Mistral breaks it. */
  because: string
  /** What the verdict then says; every finding against it must be one of these. */
  breaks: Breakage[]
  /** Drivers and major versions of Mistral for which it was seen; elsewhere the promise must hold. */
  rpc: Rpc[]
  mistral: number[]
  /**
   * forced: the strike is exact and it breaks every time. Otherwise how often it broke, `7 of 40`: a single run
   * then tells nothing, and either outcome is as known.
   */
  seen: 'forced' | `${number} of ${number}`
}

/** What became of a promise with a known gap; undefined: the verdict is another than the one that is known. */
export function gapOutcome(gap: KnownGap, verdict: Verdict): KnownGapOutcome | undefined {
  const told = { name: gap.name, text: gap.because }
  const broken =
    verdict.reasons.length > 0 &&
    verdict.reasons.every(({ outcome }) => outcome === 'invalid') &&
    unforetold(gap, verdict).length === 0 &&
    // What breaks every time breaks in everything that is foretold: with half of it the cause is another.
    (gap.seen !== 'forced' || gap.breaks.every((one) => one.optional || isSeen(one, verdict)))
  if (gap.seen !== 'forced' && (broken || verdict.outcome === 'valid'))
    return { ...told, state: 'may break', text: `${gap.because} (seen ${gap.seen})` }
  if (broken) return { ...told, state: 'open' }
  return verdict.outcome === 'valid' ? { ...told, state: 'closed' } : undefined
}

/** The findings against a verdict that the gap does not foretell. */
export function unforetold({ breaks }: KnownGap, { findings }: Verdict): Finding[] {
  return WORDS.flatMap((word) =>
    findings[word].filter(
      (finding) => !finding.allowed && !breaks.some((one) => one.word === word && isOf(one, finding)),
    ),
  )
}

const isSeen = (one: Breakage, { findings }: Verdict): boolean =>
  findings[one.word].some((finding) => isOf(one, finding))

const isOf = ({ text, evidence = [] }: Breakage, finding: Finding): boolean =>
  text.test(finding.text) && evidence.every((line) => finding.evidence.some((told) => line.test(told)))

/** The gap holds for the driver and the version that run. */
export const appliesTo = (gap: KnownGap, { rpc, versions }: Pick<RunBegun, 'rpc' | 'versions'>): boolean =>
  gap.rpc.includes(rpc) && gap.mistral.includes(Number.parseInt(versions.mistral, 10))
