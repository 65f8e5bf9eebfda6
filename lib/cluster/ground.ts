import type { ProcessPlan, RunningProcess } from './process.ts'
import type { ProcessState } from './state.ts'

/** Where a cluster stands: what every part needs to start its processes. */
export interface Ground {
  id: string
  folder: string
  logs: string
  /** A small environment of our own: the caller's proxies, locale and Python settings stay outside. */
  env: Record<string, string>
  /** Aborts a start that is under way. */
  signal?: AbortSignal
}

/** Notes in the state file that a process is about to be started, then starts it and notes its pid. */
export type Launch = (state: ProcessState, plan: ProcessPlan) => Promise<RunningProcess>
