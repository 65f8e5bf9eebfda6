import { AssertionError, expect, use } from 'chai'
import type { Verdict } from '../ledger/verdict-document.ts'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- chai's types are extended so.
  namespace Chai {
    interface Assertion {
      /** A verdict that is `valid`; the message has each reason with its ids. */
      valid: void
    }
  }
}

/** Every reason against a verdict, one a line, with the ids. */
export function reasonsText(verdict: Verdict): string {
  const lines = verdict.reasons.map(
    ({ outcome, word, text, ids }) =>
      `  ${outcome}: ${word}: ${text}${ids.length > 0 ? ` [${ids.join(', ')}]` : ''}`,
  )
  return [`${verdict.scenario} is ${verdict.outcome}`, ...lines].join('\n')
}

use((chai) => {
  chai.Assertion.addProperty('valid', function valid() {
    const verdict = this._obj as Verdict
    if (verdict.outcome !== 'valid') throw new AssertionError(reasonsText(verdict))
  })
})

export { expect }
