import type { KnownGap } from '../lib/scenario/index.ts'

/** Gaps that more than one suite meets. */
export const runsTwice: KnownGap = {
  name: 'an action runs twice',
  because:
    'an engine that loses its connection before the broker has confirmed a run_action publishes it again, and ' +
    'another executor than the first takes the copy',
  breaks: [{ word: 'duplicated', text: /^one attempt of task .* ran 2 times$/ }],
  rpc: ['oslo'],
  mistral: [15],
  seen: '4 of 55',
}

export const forgottenAfterCommit: KnownGap = {
  name: 'what follows a commit is forgotten',
  because:
    'an engine does from memory, after its commit, what starts the next action or looks at a join again; if the ' +
    'database is away at that moment, an action is never sent and expires, or a join stays WAITING for good',
  breaks: [
    {
      word: 'repeated',
      text: /ran in 2 attempts$/,
      evidence: [/is ERROR for want of a heartbeat, and ran 0 times$/, /is SUCCESS, and ran 1 times$/],
    },
    {
      word: 'stuck',
      text: /is RUNNING: task \S+ \(\S+\) is WAITING and has neither an action nor a sub-workflow execution$/,
    },
    { word: 'lost', text: /was owed and ran 0 times$/, evidence: [/^no action execution was created$/] },
  ],
  rpc: ['oslo', 'kombu'],
  mistral: [15],
  seen: '2 of 99',
}

export const brokerNotFoundAgain: KnownGap = {
  name: 'a node does not find its broker again',
  because:
    'under kombu a consumer whose connection was cut may stay without one, and heartbeats and results go missing ' +
    'with it, so that actions expire and are repeated',
  words: ['repeated', 'late', 'failed', 'parked'],
  rpc: ['kombu'],
  mistral: [15],
  seen: '4 of 4',
}
