/**
 * What a journal says. Only facts: who saw what and when; what it means is the verdict's business.
 * Every id is Mistral's own, every `…Ms` is in milliseconds.
 */

import type { FaultArmed, FaultBegun, FaultEnded, FaultEvidence, LinkChanged } from './fault-entries.ts'
import type { GapExpected, Judged, PromiseEnded } from './promise-entries.ts'
import type { WireFact } from './wire-entries.ts'

/** One line of `journal.ndjson`. */
export type Entry = Fact & {
  /** 1, 2, 3 … without a hole. */
  ordinal: number
  /** Milliseconds since the run began, on a monotonic clock. */
  at: number
  /** CRC-32, in hex, of the previous line's checksum and this line without its own. */
  checksum: string
}

/** The entries of one kind. */
export type EntryOf<Kind extends Fact['kind']> = Extract<Entry, { kind: Kind }>

export type Fact =
  | RunBegun
  | RunEnded
  | ScenarioBegun
  | ScenarioEnded
  | WorkflowDefined
  | ExecutionRequested
  | ExecutionAnswered
  | NodeStarted
  | NodeReady
  | NodeSignalled
  | NodeExited
  | NodeReplaced
  | EffectArrived
  | EffectAnswered
  | FaultArmed
  | FaultBegun
  | FaultEnded
  | FaultEvidence
  | LinkChanged
  | DatabaseRead
  | BrokerRead
  | Settled
  | Judged
  | GapExpected
  | PromiseEnded
  | HarnessFailed
  | WireFact

export type Rpc = 'oslo' | 'kombu'

/** The time-outs that the cluster's nodes were configured with: they decide what can still move. */
export interface Timeouts {
  rpcResponseMs: number
  heartbeatIntervalMs: number
  /** heartbeatIntervalMs × max_missed_heartbeats. */
  heartbeatBudgetMs: number
  /** On top of the budget, for an action that never sent a heartbeat. */
  firstHeartbeatMs: number
  schedulerPickupMs: number
  schedulerCapturedMs: number
  /** Mistral's integrity check: fixed in its code at 10 s after the start, then every 120 s. */
  integrityFirstMs: number
  integrityEveryMs: number
}

export interface RunBegun {
  kind: 'run.begun'
  run: string
  /** Wall clock, ISO 8601. */
  started: string
  seed: string
  /** The command that replays the run. */
  replay: string
  rpc: Rpc
  sizes: { api: number; engine: number; executor: number }
  versions: { crosswind: string; node: string; mistral: string; rabbitmq: string; postgres: string }
  timeouts: Timeouts
  /** What stands at the links: our own server, or the URL of a real Toxiproxy. */
  toxiproxy: string
}
export interface RunEnded {
  kind: 'run.ended'
  exitCode: number
  /** Of a gate: its errors that belong to no promise. */
  harnessErrors?: string[]
  interrupted?: boolean
}

/** One promise (one `it`) begins: what follows until its end belongs to it. */
export interface ScenarioBegun {
  kind: 'scenario.begun'
  /** Unique in the run: `rabbitmq-down/1`, with `@2` for a second repeat. */
  scenario: string
  suite: string
  promise: string
}
export interface ScenarioEnded {
  kind: 'scenario.ended'
  scenario: string
}

/** A workflow as its graph says it; the workflow's name holds its sizes, so one name is one graph. */
export interface WorkflowDefined {
  kind: 'workflow.defined'
  workflow: string
  graph: Graph
}
export interface Graph {
  tasks: Record<string, GraphTask>
}
export interface GraphTask {
  /** Tasks that must succeed before this one is owed; all of them. */
  after: string[]
  runs: 'action' | 'workflow'
  /** The action's or the sub-workflow's name. */
  name: string
  /** Elements of a with-items task; undefined: not a with-items task. */
  items?: number
  /** Each physical run of it calls the effects endpoint. */
  effect: boolean
  /** `count` of its retry policy: more attempts of one item than the first. 0: none. */
  retries: number
  /** Asynchronous: it completes only when somebody tells Mistral so. */
  asynchronous?: boolean
}

/** An execution that this run asked for, with an id of its own choosing. */
export interface ExecutionRequested {
  kind: 'execution.requested'
  execution: string
  workflow: string
}
export interface ExecutionAnswered {
  kind: 'execution.answered'
  execution: string
  /** HTTP status; undefined: no answer came. */
  status?: number
  /** The error's text. */
  error?: string
}

/** `node` here is a node's or a service's name: `engine-1`, `rabbitmq`. */
export interface NodeStarted {
  kind: 'node.started'
  node: string
  pid: number
}
export interface NodeReady {
  kind: 'node.ready'
  node: string
  afterMs: number
}
export interface NodeSignalled {
  kind: 'node.signalled'
  node: string
  signal: string
  /** `fault f1`, `tear-down`, `by hand`. */
  why: string
}
export interface NodeExited {
  kind: 'node.exited'
  node: string
  pid: number
  code: number | null
  signal: string | null
  /** We asked for it. An exit that nobody asked for is a finding or a harness error. */
  expected: boolean
}
/** Before a suite, a node that did not answer was ended and a new one started in its place. */
export interface NodeReplaced {
  kind: 'node.replaced'
  node: string
  why: string
}

/** A physical run of an action reached the effects endpoint; written before it is answered. */
export interface EffectArrived {
  kind: 'effect.arrived'
  /** Ordinal of the arrival in the run. */
  effect: number
  execution: string
  root: string
  task: string
  /** 0 for a task without items. */
  item: number
  /** The mark that Mistral evaluates once per action execution. */
  attempt: string
}
export interface EffectAnswered {
  kind: 'effect.answered'
  effect: number
  heldMs: number
  /** false: the caller had gone before it was answered. */
  delivered: boolean
}

/** A reading of the database in one REPEATABLE READ transaction: all that the current scenario started. */
export interface DatabaseRead {
  kind: 'database.read'
  /** `fault f1 begun`, `settling`, `settled`. */
  why: string
  executions: ExecutionRow[]
  tasks: TaskRow[]
  actions: ActionRow[]
  jobs: JobRow[]
}
export interface ExecutionRow {
  id: string
  workflow: string
  state: string
  stateInfo: string | null
  /** Parent task's id, for a sub-workflow. */
  task: string | null
  root: string
  /** Wall-clock age at the reading. */
  ageMs: number
}
export interface TaskRow {
  id: string
  name: string
  execution: string
  state: string
  processed: boolean
}
export interface ActionRow {
  id: string
  name: string
  task: string
  state: string
  accepted: boolean
  synchronous: boolean
  /** The mark in its input, for an effect. */
  attempt: string | null
  /** The with-items index, 0 otherwise. */
  item: number
  /** Time since its last heartbeat as Mistral keeps it (may lie in the future: negative). */
  heartbeatAgeMs: number | null
  /** Its result is not its own: Mistral's "Heartbeat wasn't received.". */
  expired?: boolean
}
/** A row of scheduled_jobs_v2 (default scheduler) or delayed_calls_v2 (legacy). */
export interface JobRow {
  id: string
  table: 'scheduled_jobs_v2' | 'delayed_calls_v2'
  /** The function: `mistral.engine.task_handler._refresh_task_state` … */
  func: string
  /** Ids of executions, tasks and actions that its arguments name. */
  names: string[]
  /** Time until it is due; negative: overdue. */
  dueInMs: number
  /** Time since an engine captured it; null: not captured. */
  capturedAgeMs: number | null
}

export interface BrokerRead {
  kind: 'broker.read'
  why: string
  queues: QueueRow[]
}
export interface QueueRow {
  name: string
  ready: number
  unacked: number
  consumers: number
}

/** The end of the waiting before judging. */
export interface Settled {
  kind: 'settled'
  settled: boolean
  /** Why not, or what was awaited last. */
  text: string
  /** Bytes still held in the lanes. */
  bytesHeld: number
}

export interface HarnessFailed {
  kind: 'harness.failed'
  text: string
}
