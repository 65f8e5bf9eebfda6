import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { poll } from '../util/poll.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import { allProcesses, processFacts } from '../util/procfs.ts'
import type { Account } from './programs.ts'

/** The variable by which every process of a cluster can be found again. */
export const CLUSTER_VARIABLE = 'CROSSWIND_CLUSTER'

export interface ProcessPlan {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** Standard output and error go here. */
  log: string
  account?: Account
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that runs in a session and process group of its own; signals go to the whole group. */
export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly start: number
  readonly log: string
  /** What it has written to its log; earlier processes of its name may have written there before it. */
  output(): string
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>
  /** The exit, once there is one. */
  exit(): Exit | undefined
  /** We asked for its end, so that its exit is no surprise. */
  endAsked(): boolean
  /** Signals the group; a group that is gone is no error. */
  signal(signal: NodeJS.Signals): void
  /** Asks with `signal`, insists with SIGKILL after `graceMs`, and returns when the whole group is gone. */
  end(signal: NodeJS.Signals, graceMs: number): Promise<void>
}

/** The members of a process group, without zombies. */
export const groupMembers = (group: number): number[] =>
  allProcesses()
    .filter((facts) => facts.group === group)
    .map((facts) => facts.pid)

/** @throws nothing: a group that is gone is what was wanted. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ends a group: asks, insists after `graceMs`, waits until no member is left. */
async function endGroup(name: string, group: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  signalGroup(group, signal)
  // A stopped process does not act on SIGTERM before it is continued.
  signalGroup(group, 'SIGCONT')
  const gone = () => (groupMembers(group).length === 0 ? true : undefined)
  try {
    await poll(gone, { what: `${name} ends`, deadlineMs: graceMs, everyMs: 20 })
  } catch {
    signalGroup(group, 'SIGKILL')
    await poll(gone, { what: `${name} ends after SIGKILL`, deadlineMs: 5000, everyMs: 20 })
  }
}

/** A log's text from an offset in bytes. */
function textFrom(log: string, offset: number): string {
  try {
    return readFileSync(log).subarray(offset).toString('utf8')
  } catch (error) {
    return `(no log: ${messageOf(error)})`
  }
}

/** The last lines of a text, for an error's. */
export const tailOf = (text: string, count = 15): string =>
  text.trimEnd().split('\n').slice(-count).join('\n')

/** The last lines of a log. */
export const lastLines = (log: string, count?: number): string => tailOf(textFrom(log, 0), count)

/**
 * @throws {HarnessError} when the program cannot be started at all.
 */
export async function startProcess(plan: ProcessPlan): Promise<RunningProcess> {
  const output = openSync(plan.log, 'a')
  const logFrom = fstatSync(output).size
  let child: ChildProcess
  try {
    child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      detached: true,
      stdio: ['ignore', output, output],
      ...plan.account,
    })
  } finally {
    closeSync(output)
  }
  let exit: Exit | undefined
  let asked = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      resolve(exit)
    })
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(new HarnessError(`cannot start ${plan.name} (${plan.command}): ${error.message}`)),
    )
  })
  const pid = child.pid
  if (pid === undefined) throw new HarnessError(`cannot start ${plan.name} (${plan.command}): no pid`)
  const start = processFacts(pid)?.start ?? 0
  // Once it has ended its number may become somebody else's, and so may that of its group.
  const isOurs = () =>
    exit === undefined || processFacts(pid) === undefined || processFacts(pid)?.start === start
  return {
    name: plan.name,
    pid,
    start,
    log: plan.log,
    output: () => textFrom(plan.log, logFrom),
    exited,
    exit: () => exit,
    endAsked: () => asked,
    signal: (signal) => {
      if (isOurs()) signalGroup(pid, signal)
    },
    end: async (signal, graceMs) => {
      asked = true
      if (isOurs()) await endGroup(plan.name, pid, signal, graceMs)
      await exited
    },
  }
}
