import type {
  ActionRow,
  Entry,
  ExecutionRow,
  Fact,
  Graph,
  GraphTask,
  JobRow,
  TaskRow,
  Timeouts,
} from './entries.ts'
import type { ScenarioBegun, DatabaseRead } from './entries.ts'
import type { LinkEvidence, FaultArmed } from './fault-entries.ts'
import type { Judged } from './promise-entries.ts'

/** The time-outs of the test cluster, as the design's facts have them. */
export const TIMEOUTS: Timeouts = {
  rpcResponseMs: 10_000,
  heartbeatIntervalMs: 2_000,
  heartbeatBudgetMs: 20_000,
  firstHeartbeatMs: 6_000,
  schedulerPickupMs: 2_000,
  schedulerCapturedMs: 4_000,
  integrityFirstMs: 10_000,
  integrityEveryMs: 120_000,
}

/** Facts with the times at which they were journaled: a journal written by hand. */
export type Story = [at: number, fact: Fact][]

/** The story as a journal. What is judged never depends on the checksums: the reader has checked them. */
export const journalOf = (story: Story): Entry[] =>
  story.map(([at, fact], index) => ({ ...fact, ordinal: index + 1, at, checksum: '' }))

export const runBegun: Fact = {
  kind: 'run.begun',
  run: 'r1',
  started: '2026-01-01T00:00:00Z',
  seed: 's',
  replay: 'crosswind gate',
  rpc: 'oslo',
  sizes: { api: 1, engine: 2, executor: 2 },
  versions: { crosswind: '0', node: '24', mistral: '15.0.0', rabbitmq: '3.10.8', postgres: '15' },
  timeouts: TIMEOUTS,
  toxiproxy: 'embedded',
}

export const begun = (scenario = 's/1'): ScenarioBegun => ({
  kind: 'scenario.begun',
  scenario,
  suite: scenario.split('/')[0] ?? '',
  promise: 'finishes every workflow',
})
export const ended = (scenario = 's/1'): Fact => ({ kind: 'scenario.ended', scenario })

/** A task that calls the effects endpoint, unless told otherwise. */
export const task = (more: Partial<GraphTask> = {}): GraphTask => ({
  after: [],
  runs: 'action',
  name: 'std.http',
  effect: true,
  retries: 0,
  ...more,
})
export const defined = (workflow: string, tasks: Graph['tasks']): Fact => ({
  kind: 'workflow.defined',
  workflow,
  graph: { tasks },
})

export const requested = (execution: string, workflow = 'two'): Fact => ({
  kind: 'execution.requested',
  execution,
  workflow,
})
export const answered = (execution: string, status: number | null = 201): Fact => ({
  kind: 'execution.answered',
  execution,
  ...(status === null ? {} : { status }),
  ...(status === 500 ? { error: 'Internal error' } : {}),
})

export const executionRow = (
  id: string,
  state = 'SUCCESS',
  more: Partial<ExecutionRow> = {},
): ExecutionRow => ({
  id,
  workflow: 'two',
  state,
  stateInfo: null,
  task: null,
  root: id,
  ageMs: 5_000,
  ...more,
})
/** Its id is `EXECUTION.NAME`. */
export const taskRow = (execution: string, name: string, state = 'SUCCESS'): TaskRow => ({
  id: `${execution}.${name}`,
  name,
  execution,
  state,
  processed: state === 'SUCCESS',
})
/** The action of a task, with the mark `m:TASK`. */
export const actionRow = (task: string, state = 'SUCCESS', more: Partial<ActionRow> = {}): ActionRow => ({
  id: `a:${task}`,
  name: 'std.http',
  task,
  state,
  accepted: state === 'SUCCESS',
  synchronous: true,
  attempt: `m:${task}`,
  item: 0,
  heartbeatAgeMs: 1_000,
  ...more,
})
export const job = (func: string, names: string[], more: Partial<JobRow> = {}): JobRow => ({
  id: `j:${func}:${names.join()}`,
  table: 'scheduled_jobs_v2',
  func: `mistral.engine.task_handler.${func}`,
  names,
  dueInMs: 3_000,
  capturedAgeMs: null,
  ...more,
})

/** Rows of a reading; those that are left out are none. */
export type Rows = Partial<Pick<DatabaseRead, 'executions' | 'tasks' | 'actions' | 'jobs'>>
export const read = (why: string, rows: Rows): DatabaseRead => ({
  kind: 'database.read',
  why,
  executions: [],
  tasks: [],
  actions: [],
  jobs: [],
  ...rows,
})

let arrivals = 0
/** An arrival with the mark that the task's only action has. */
export const effect = (
  execution: string,
  task: string,
  more: { root?: string; item?: number; attempt?: string } = {},
): Fact => {
  arrivals += 1
  return {
    kind: 'effect.arrived',
    effect: arrivals,
    execution,
    root: execution,
    task,
    item: 0,
    attempt: `m:${execution}.${task}`,
    ...more,
  }
}

export const broker = (
  queues: { name: string; ready?: number; unacked?: number; consumers?: number }[] = [],
): Fact => ({
  kind: 'broker.read',
  why: 'settled',
  queues: queues.map((queue) => ({ ready: 0, unacked: 0, consumers: 1, ...queue })),
})
export const settled = (yes = true): Fact => ({
  kind: 'settled',
  settled: yes,
  text: yes ? '' : 'the deadline came',
  bytesHeld: 0,
})
export const asked = (more: Partial<Judged> = {}): Judged => ({
  kind: 'judged',
  scenario: 's/1',
  expect: 'SUCCESS',
  allow: [],
  faultless: true,
  ...more,
})

export const linkEvidence = (more: Partial<LinkEvidence> = {}): LinkEvidence => ({
  connectionsCut: 0,
  chunksDelayed: 0,
  bytesDelayed: 0,
  bytesDropped: 0,
  ...more,
})
/** A link of an engine is down for eight seconds, unless told otherwise. */
export const armed = (more: Partial<FaultArmed> = {}): FaultArmed => ({
  kind: 'fault.armed',
  fault: 'f1',
  what: 'down',
  text: 'down for 8 s',
  links: ['engine-1.rabbitmq'],
  nodes: [],
  durationMs: 8_000,
  extent: 'span',
  ...more,
})

/** A node is to be killed. */
export function armedKill(node: string): FaultArmed {
  const text = `SIGKILL of ${node}`
  const { durationMs: _, ...kill } = armed({ what: 'kill', text, links: [], nodes: [node], extent: 'moment' })
  return kill
}

/** Workflow `two`: t1, then t2. */
export const TWO = defined('two', { t1: task(), t2: task({ after: ['t1'] }) })

/** The rows of an execution of `two` in which everything has been done. */
export const doneRows = (id: string): Required<Rows> => ({
  executions: [executionRow(id)],
  tasks: [taskRow(id, 't1'), taskRow(id, 't2')],
  actions: [actionRow(`${id}.t1`), actionRow(`${id}.t2`)],
  jobs: [],
})
/** The rows of an execution of `two` whose first task runs. */
export const runningRows = (id: string): Required<Rows> => ({
  executions: [executionRow(id, 'RUNNING')],
  tasks: [taskRow(id, 't1', 'RUNNING')],
  actions: [actionRow(`${id}.t1`, 'RUNNING')],
  jobs: [],
})

/** Rows of several executions in one reading. */
export const together = (...all: Rows[]): Required<Rows> => ({
  executions: all.flatMap(({ executions = [] }) => executions),
  tasks: all.flatMap(({ tasks = [] }) => tasks),
  actions: all.flatMap(({ actions = [] }) => actions),
  jobs: all.flatMap(({ jobs = [] }) => jobs),
})

/** From 30 s on: the rows stay as they are for as long as settling takes, the queues are empty, the verdict is asked for. */
export const rest = (rows: Rows, more: { queues?: Fact; asked?: Partial<Judged> } = {}): Story => [
  [30_000, read('waiting', rows)],
  [46_000, read('settled', rows)],
  [46_001, more.queues ?? broker()],
  [46_002, settled()],
  [46_003, asked(more.asked)],
  [46_004, ended()],
]

/** A run in which one execution of `two` was started and this happened. */
export const scenario = (...happened: Story): Entry[] =>
  journalOf([[0, runBegun], [1, TWO], [2, begun()], [3, requested('e1')], [4, answered('e1')], ...happened])

/** The same, with both effects, which is what a sane run looks like. */
export const saneStory = (): Entry[] =>
  scenario([100, effect('e1', 't1')], [200, effect('e1', 't2')], ...rest(doneRows('e1')))
