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

export const joinForgotten: KnownGap = {
  name: 'a join is forgotten',
  because:
    'an engine starts what follows a finished task from memory, after its commit; if the database is away at that ' +
    'moment, the join stays WAITING without a job that would look at it again',
  words: ['stuck', 'lost'],
  rpc: ['oslo'],
  mistral: [15],
  seen: '1 of 6',
}
