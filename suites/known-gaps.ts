import type { KnownGap } from '../lib/scenario/index.ts'

/** Gaps that more than one suite meets. */
export const runsTwice: KnownGap = {
  name: 'an action runs twice',
  because:
    'an engine that loses its connection before the broker has confirmed a run_action publishes it again, and ' +
    'another executor than the first takes the copy',
  breaks: [
    { word: 'duplicated', text: /^one attempt of task .* ran 2 times$/ },
    { word: 'duplicated', text: /^(run_action|on_action_complete) \(.*: done more than once/ },
  ],
  rpc: ['oslo'],
  mistral: [15],
  seen: '6 of 85',
}

export const copyRuns: KnownGap = {
  name: 'a second copy of a run_action runs too',
  because:
    'an executor runs every run_action that it is given: whether another one has run it already is known to nobody before ' +
    'its result is refused',
  breaks: [
    { word: 'duplicated', text: /^one attempt of task .* ran 2 times$/ },
    { word: 'duplicated', text: /^run_action \(.*: done more than once/ },
    // Under kombu the results of both are one message, which two engines may get.
    { word: 'duplicated', text: /^on_action_complete \(.*: done more than once/, optional: true },
  ],
  rpc: ['oslo', 'kombu'],
  mistral: [15, 23],
  seen: 'forced',
}

/** Under oslo an ack or a confirm that is lost with its connection brings the copy. */
export const copyRunsUnderOslo: KnownGap = { ...copyRuns, rpc: ['oslo'] }

/** The copy is published anew, and the executor that has had the first drops it if it gets it. */
export const copyMayRun: KnownGap = { ...copyRunsUnderOslo, seen: '28 of 32' }

export const lostAfterCommit: KnownGap = {
  name: 'what follows a commit is lost',
  because:
    'an engine sends the next action from memory, after its commit: if it dies or loses the database at that moment, the ' +
    'action is in the database and was never sent, and expires',
  breaks: [
    {
      word: 'repeated',
      text: /ran in 2 attempts$/,
      evidence: [/is ERROR for want of a heartbeat, and ran 0 times$/, /is SUCCESS, and ran 1 times$/],
    },
  ],
  rpc: ['oslo', 'kombu'],
  mistral: [15, 23],
  seen: 'forced',
}

/** An engine acknowledges a message before it works on it, so that it dies with more than what its commit was to bring. */
export const lostWithEngine: KnownGap = {
  ...lostAfterCommit,
  name: 'what an engine has in hand is lost with it',
  because:
    `${lostAfterCommit.because}; what it has acknowledged is lost with it too: a result, so that an action is repeated ` +
    'that has run, or on Mistral 23 a start_task, so that a task stays IDLE for good',
  breaks: [
    ...lostAfterCommit.breaks,
    {
      word: 'repeated',
      text: /ran in 2 attempts$/,
      evidence: [/is ERROR for want of a heartbeat, and ran 1 times$/, /is SUCCESS, and ran 1 times$/],
      optional: true,
    },
    {
      word: 'stuck',
      text: /is RUNNING: task \S+ \(\S+\) is IDLE and has neither an action nor a sub-workflow execution$/,
      optional: true,
    },
    {
      word: 'lost',
      text: /was owed and ran 0 times$/,
      evidence: [/^no action execution was created$/],
      optional: true,
    },
  ],
}

export const forgottenAfterCommit: KnownGap = {
  name: 'what follows a commit is forgotten',
  because:
    'an engine does from memory, after its commit, what starts the next action, looks at a join again or ends the ' +
    'workflow; if the database is away at that moment, an action is never sent and expires, a join stays WAITING for ' +
    'good, or a workflow RUNNING whose tasks have all finished',
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
    { word: 'stuck', text: /is RUNNING although all of its \d+ tasks have finished$/ },
    { word: 'lost', text: /was owed and ran 0 times$/, evidence: [/^no action execution was created$/] },
  ],
  rpc: ['oslo', 'kombu'],
  mistral: [15],
  seen: '3 of 182',
}

export const startForgotten: KnownGap = {
  name: 'the start of a task is forgotten',
  because:
    'Mistral 18 starts a task by a call of its own, start_task, which an engine acknowledges before it works on it: if ' +
    'the database is away at that moment, the task stays IDLE for good; and a join may stay WAITING behind a job that ' +
    'nobody takes any more',
  breaks: [
    ...forgottenAfterCommit.breaks,
    {
      word: 'lost',
      text: /^start_task .*: acknowledged and its work never seen$/,
      evidence: [/has started nothing$/],
    },
    {
      word: 'stuck',
      text: /is RUNNING: task \S+ \(\S+\) is IDLE and has neither an action nor a sub-workflow execution$/,
    },
    {
      word: 'late',
      text: /is RUNNING: task \S+ \(\S+\) is WAITING and has neither an action nor a sub-workflow execution$/,
      evidence: [/^job _refresh_task_state /],
    },
  ],
  rpc: ['oslo'],
  mistral: [18],
  seen: '14 of 20',
}

export const brokerNotFoundAgain: KnownGap = {
  name: 'a node does not find its broker again',
  because:
    'under kombu an executor whose connection was cut reports an error for an action, whether it has run or not, or ' +
    'keeps messages that it was given and neither runs nor acknowledges them, or engines stay without a consumer, so ' +
    'that actions expire and are repeated, at the worst until the deadline',
  breaks: [
    {
      word: 'repeated',
      text: /ran in [2-5] attempts$/,
      evidence: [/ is ERROR, and ran [01] times$| is ERROR for want of a heartbeat, and ran [01] times$/],
    },
    {
      word: 'late',
      text: /is RUNNING: synchronous action std\.http \(\S+\) of task \S+ is RUNNING$/,
      evidence: [/ago, the budget is /],
    },
    {
      word: 'lost',
      text: /^(run_action|on_action_complete) .*: (never reached the broker|delivered and never acknowledged|acknowledged and its work never seen)$/,
    },
    { word: 'parked', text: /of queue mistral_(engine|executor) are held by its consumers, unacknowledged$/ },
    {
      word: 'parked',
      text: /^(run_action|on_action_complete) .*: parked$/,
      evidence: [/^queue mistral_(engine|executor) has \d+ messages and no consumer$/],
    },
    {
      word: 'parked',
      text: /^\d+ messages are parked in queue mistral_(engine|executor), which has no consumer$/,
    },
  ],
  rpc: ['kombu'],
  mistral: [15],
  seen: '55 of 56',
}

/** Under kombu an ack that is lost keeps its executor from getting more, and the reset finds it so. */
export const heldByItsConsumer: KnownGap = {
  ...brokerNotFoundAgain,
  breaks: [...brokerNotFoundAgain.breaks, ...copyRuns.breaks],
  seen: '45 of 45',
}

export const cancelledInTheMiddle: KnownGap = {
  name: 'an executor whose consumer is cancelled fails what it has in hand',
  because:
    'under kombu a cancel by the broker is an error of the connection, and an action that has come with it ends as an ' +
    'error without having run',
  breaks: [
    {
      word: 'repeated',
      text: /ran in 2 attempts$/,
      evidence: [/is ERROR, and ran 0 times$/, /is SUCCESS, and ran 1 times$/],
    },
  ],
  rpc: ['kombu'],
  mistral: [15],
  seen: '10 of 10',
}
