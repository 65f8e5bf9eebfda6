import type { AllowedWord, Rpc, RunBegun } from '../ledger/entries.ts'
import type { Verdict } from '../ledger/verdict-document.ts'
import type { KnownGapOutcome } from './context.ts'

/** A promise that the Mistral under test is known to break, and exactly how. */
export interface KnownGap {
  name: string
  /** Why Mistral breaks it. */
  because: string
  /** The words of the verdict; every reason against it must be one of these. */
  words: AllowedWord[]
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
    verdict.reasons.every(({ outcome, word }) => outcome === 'invalid' && gap.words.includes(word))
  if (gap.seen !== 'forced' && (broken || verdict.outcome === 'valid'))
    return { ...told, state: 'may break', text: `${gap.because} (seen ${gap.seen})` }
  if (broken) return { ...told, state: 'open' }
  return verdict.outcome === 'valid' ? { ...told, state: 'closed' } : undefined
}

/** The gap holds for the driver and the version that run. */
export const appliesTo = (gap: KnownGap, { rpc, versions }: Pick<RunBegun, 'rpc' | 'versions'>): boolean =>
  gap.rpc.includes(rpc) && gap.mistral.includes(Number.parseInt(versions.mistral, 10))
