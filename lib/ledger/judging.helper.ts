import type { Entry } from './entries.ts'
import { effect, type Story } from './story.helper.ts'
import { judge } from './verdict.ts'
import type { Reason, Verdict, Word } from './verdict-document.ts'

/** The verdict on the scenario of a hand-written journal. */
export const verdictOn = (entries: Entry[]): Verdict => judge(entries, 's/1')

export const words = ({ reasons }: Verdict): Reason['word'][] => reasons.map(({ word }) => word)

export const ids = ({ findings }: Verdict, word: Word): string[] => findings[word].map(({ id }) => id)

/** Both effects of the execution `e1` of workflow `two`. */
export const effects: Story = [
  [100, effect('e1', 't1')],
  [200, effect('e1', 't2')],
]

/** The entries with their ordinals made whole again. */
export const renumbered = (entries: readonly Entry[]): Entry[] =>
  entries.map((entry, index) => ({ ...entry, ordinal: index + 1 }))
