import { inSeconds } from '../util/clock.ts'
import type { ActionRow, JobRow, Timeouts } from './entries.ts'
import { isTerminal, type Subtree } from './tree.ts'

/** Whether one of Mistral's mechanisms can still move an execution, and how that was told. */
export interface Ruling {
  moves: boolean
  because: string
}

type Mechanism = (below: Subtree, timeouts: Timeouts) => Ruling

const moves = (because: string): Ruling => ({ moves: true, because })
const excluded = (because: string): Ruling => ({ moves: false, because })

/** Mistral's own function names; both schedulers keep them with their module's path in front. */
const isIntegrityCheck = (job: JobRow): boolean => job.func.endsWith('_check_and_fix_integrity')
const isTimeoutPolicy = (job: JobRow): boolean => job.func.endsWith('_fail_task_if_incomplete')

/** Jobs that belong to no work: they come and go while nothing moves. */
export const isBookkeeping = isIntegrityCheck

function beat({ id, heartbeatAgeMs: age }: ActionRow): string {
  if (age === null) return `${id} has no heartbeat, so that it never expires`
  return age < 0 ? `${id} owes its first beat in ${inSeconds(-age)}` : `${id} beat ${inSeconds(age)} ago`
}

/**
 * The heartbeat checker ends a synchronous action whose last beat is older than the budget. A first beat is
 * owed later: Mistral then keeps a time in the future, so that the age alone decides. An engine that has
 * just started waits for one budget before its first check, and checks once per interval then.
 */
const heartbeats: Mechanism = ({ actions }, timeouts) => {
  const running = actions.filter((action) => action.synchronous && !isTerminal(action))
  if (running.length === 0) return excluded('no synchronous action is running')
  const { heartbeatBudgetMs: budget, heartbeatIntervalMs: interval } = timeouts
  if (budget === 0) return moves(`heartbeats are off: whether ${running[0]?.id} still runs cannot be told`)
  const alive = running.find(({ heartbeatAgeMs: age }) => age !== null && age <= 2 * budget + 2 * interval)
  return alive
    ? moves(`synchronous action ${beat(alive)}, the budget is ${inSeconds(budget)}`)
    : excluded(
        `no synchronous action is within its heartbeat budget of ${inSeconds(budget)}: ${running.map(beat).join(', ')}`,
      )
}

/** Jobs that could do something: the integrity check is no work, and a time-out of a finished task has no effect. */
function workJobs({ jobs, tasks }: Subtree): JobRow[] {
  const finished = new Set(tasks.filter(isTerminal).map(({ id }) => id))
  const moot = (job: JobRow): boolean => isTimeoutPolicy(job) && job.names.every((id) => finished.has(id))
  return jobs.filter((job) => !isIntegrityCheck(job) && !moot(job))
}

const nameOf = (job: JobRow): string => `${job.func.split('.').at(-1)} (${job.table} ${job.id})`

const pendingJobs: Mechanism = (below) => {
  const job = workJobs(below).find(({ capturedAgeMs }) => capturedAgeMs === null)
  return job
    ? moves(`job ${nameOf(job)} is due in ${inSeconds(job.dueInMs)}`)
    : excluded(`no job or delayed call waits for one of its ${below.tasks.length} tasks`)
}

/** The default scheduler takes a captured job again after its time-out; the legacy one never does. */
function canRun(job: JobRow, timeouts: Timeouts): boolean {
  if (job.capturedAgeMs === null || job.table === 'scheduled_jobs_v2') return true
  return job.capturedAgeMs <= timeouts.schedulerCapturedMs
}

const capturedJobs: Mechanism = (below, timeouts) => {
  const captured = workJobs(below).filter(({ capturedAgeMs }) => capturedAgeMs !== null)
  const job = captured.find((one) => canRun(one, timeouts))
  if (job) return moves(`job ${nameOf(job)} was captured ${inSeconds(job.capturedAgeMs ?? 0)} ago`)
  return excluded(
    captured.length === 0
      ? 'no job is captured by an engine'
      : `no engine takes a captured call of the legacy scheduler again: ${captured.map(nameOf).join(', ')}`,
  )
}

/** Mistral's integrity check completes RUNNING tasks whose children have all finished, and looks at no others. */
const integrityCheck: Mechanism = (below, timeouts) => {
  const { tasks, actions, executions, jobs } = below
  const ready = tasks.filter((task) => {
    const children = [...actions, ...executions].filter((child) => child.task === task.id)
    return task.state === 'RUNNING' && children.length > 0 && children.every(isTerminal)
  })
  if (ready.length === 0)
    return excluded('no RUNNING task has only finished children, so that no integrity check helps')
  for (const task of ready) {
    const check = jobs.find(
      (job) => isIntegrityCheck(job) && job.names.includes(task.execution) && canRun(job, timeouts),
    )
    if (check)
      return moves(
        `the integrity check in ${inSeconds(check.dueInMs)} will look at task ${task.name} (${task.id})`,
      )
  }
  return excluded(`no integrity check is scheduled for ${ready.map(({ execution }) => execution).join(', ')}`)
}

/** All that Mistral, as it is configured, has to move an execution on without anybody's help. */
const MECHANISMS: readonly Mechanism[] = [heartbeats, pendingJobs, capturedJobs, integrityCheck]

/** What each mechanism can do for what is below an execution. */
export const rulingsOn = (below: Subtree, timeouts: Timeouts): Ruling[] =>
  MECHANISMS.map((mechanism) => mechanism(below, timeouts))
