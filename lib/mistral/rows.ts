import { redactText } from '../wire/rpc/redact.ts'
import { readEffectUrl } from './effect-url.ts'

/** What one reading of Mistral's database gives. */
export interface Rows {
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
  /** Its own id, if it is no sub-workflow. */
  root: string
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
  /** Since its last heartbeat as Mistral keeps it, which lies in the future until the first was due. */
  heartbeatAgeMs: number | null
  /** Mistral gave it up: its result is "Heartbeat wasn't received.", not its own. */
  expired: boolean
}

type JobTable = 'scheduled_jobs_v2' | 'delayed_calls_v2'

/** A job of the default scheduler, or a delayed call of the legacy one. */
export interface JobRow {
  id: string
  table: JobTable
  /** Full name of the function: `mistral.engine.task_handler._refresh_task_state`. */
  func: string
  /** Ids of executions, tasks and actions that its arguments name. */
  names: string[]
  /** Negative: overdue. */
  dueInMs: number
  /** null: not captured. */
  capturedAgeMs: number | null
}

/** An action as the query gives it: input and runtime_context are JSON in a string. */
export interface RawAction extends Omit<ActionRow, 'attempt' | 'item'> {
  input: string | null
  runtimeContext: string | null
}
/** A job as the query gives it: its arguments are JSON in a string. */
export interface RawJob extends Omit<JobRow, 'names'> {
  args: string | null
}

/** What went wrong may quote an input, or a statement with its values. */
export const readExecution = ({ stateInfo, ...row }: ExecutionRow): ExecutionRow => ({
  ...row,
  stateInfo: stateInfo === null ? null : redactText(stateInfo),
})

export function readAction({ input, runtimeContext, ...row }: RawAction): ActionRow {
  const url = field(parse(input), 'url')
  const index = field(parse(runtimeContext), 'index')
  return {
    ...row,
    attempt: (typeof url === 'string' ? readEffectUrl(url)?.attempt : undefined) ?? null,
    item: typeof index === 'number' ? index : 0,
  }
}

export const readJob = ({ args, ...row }: RawJob): JobRow => ({
  ...row,
  names: [...new Set(uuidsOf(parse(args)))],
})

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Values that are a UUID and nothing else: one inside a result, an effect's mark for instance, names nobody. */
function uuidsOf(value: unknown): string[] {
  if (typeof value === 'string') return UUID.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(uuidsOf)
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

const parse = (json: string | null): unknown => (json === null ? undefined : JSON.parse(json))
