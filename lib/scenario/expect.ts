import { AssertionError, expect, use } from 'chai'
import type { Verdict } from '../ledger/verdict-document.ts'
import { context, type KnownGapOutcome } from './context.ts'
import { appliesTo, gapOutcome, unforetold, type KnownGap } from './gaps.ts'
import { gapExpected } from './journaled-gap.ts'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- chai's types are extended so.
  namespace Chai {
    interface Assertion {
      /** A verdict that is `valid`; the message has each reason with its ids. */
      valid: void
      /** A verdict that is broken in exactly the known way, where one of the gaps applies; `valid` elsewhere. */
      knownGap(...gaps: KnownGap[]): void
    }
  }
}

/** Every reason against a verdict, one a line, with the ids. */
function reasonsText(verdict: Verdict): string {
  const lines = verdict.reasons.map(
    ({ outcome, word, text, ids }) =>
      `  ${outcome}: ${word}: ${text}${ids.length > 0 ? ` [${ids.join(', ')}]` : ''}`,
  )
  return [`${verdict.scenario} is ${verdict.outcome}`, ...lines].join('\n')
}

const gaps = new WeakMap<Verdict, KnownGapOutcome>()

/** What became of the known gap that a verdict was held against, for the report. */
export const gapOf = (verdict: Verdict): KnownGapOutcome | undefined => gaps.get(verdict)

function assertValid(verdict: Verdict): void {
  if (verdict.outcome !== 'valid') throw new AssertionError(reasonsText(verdict))
}

function assertKnownGap(verdict: Verdict, known: KnownGap[]): void {
  const { session } = context()
  const { plan, versions } = session
  const gap = known.find((one) => appliesTo(one, { rpc: plan.rpc, versions }))
  if (gap === undefined) {
    assertValid(verdict)
    return
  }
  session.record(gapExpected(verdict.scenario, gap))
  const outcome = gapOutcome(gap, verdict)
  if (outcome === undefined)
    throw new AssertionError(
      [
        `not the known gap "${gap.name}"`,
        ...unforetold(gap, verdict).map(({ text, evidence }) =>
          [`  it does not foretell: ${text}`, ...evidence].join('\n    '),
        ),
        reasonsText(verdict),
      ].join('\n'),
    )
  gaps.set(verdict, outcome)
  if (outcome.state === 'closed')
    throw new AssertionError(`the known gap "${gap.name}" has closed: remove it from the suite`)
}

use((chai) => {
  chai.Assertion.addProperty('valid', function valid() {
    assertValid(this._obj as Verdict)
  })
  chai.Assertion.addMethod('knownGap', function knownGap(...known: KnownGap[]) {
    assertKnownGap(this._obj as Verdict, known)
  })
})

export { expect }
