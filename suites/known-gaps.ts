import type { KnownGap } from '../lib/scenario/index.ts'

/** Gaps that more than one suite meets. */
export const runsTwice: KnownGap = {
  name: 'an action runs twice',
  because:
    'an engine that loses its connection before the broker has confirmed a run_action publishes it again, and ' +
    'another executor than the first takes the copy',
  words: ['duplicated'],
  rpc: ['oslo'],
  mistral: [15],
  seen: '2 of 22',
}
