import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../cluster/folders.ts'
import { processesOf } from '../cluster/remains.ts'
import { CLUSTER_VARIABLE } from '../cluster/process.ts'
import { listClusters, type ClusterState } from '../cluster/state.ts'
import type { ReportDocument } from '../report/document.ts'
import { poll } from '../util/poll.ts'
import { allProcesses, environmentOf, type ProcessFacts } from '../util/procfs.ts'

const MAIN = join(import.meta.dirname, '../cli/main.ts')

/** A folder of its own for clusters and runs, so that tests never meet the clusters of the person who runs them. */
export interface Home extends Disposable {
  /** Where commands run: their `runs/` is here. */
  readonly cwd: string
  /** The folder of clusters. */
  readonly clusters: string
  /** What lies in it now. */
  clusterFolders(): string[]
}

/**
 * Makes a home and puts it into this process's environment, which the commands that it starts inherit. The schema
 * cache is the user's own: it takes a quarter of a minute to make and depends on nothing here.
 */
export function layHome(): Home {
  const cache = cacheFolder()
  const folder = mkdtempSync(join(tmpdir(), 'crosswind-itest-'))
  // The services' own users must be able to enter.
  chmodSync(folder, 0o755)
  symlinkSync(cache, join(folder, 'cache'))
  const [cwd, clusters] = [join(folder, 'work'), join(folder, 'clusters')]
  for (const one of [cwd, clusters]) mkdirSync(one)
  const before = process.env['CROSSWIND_HOME']
  process.env['CROSSWIND_HOME'] = folder
  return {
    cwd,
    clusters,
    clusterFolders: () => readdirSync(clusters),
    [Symbol.dispose]: () => {
      endStrays()
      if (before === undefined) delete process.env['CROSSWIND_HOME']
      else process.env['CROSSWIND_HOME'] = before
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Commands that run, of this process. */
const running = new Set<ChildProcess>()

/** A test that failed or ran out of time must not leave its commands, or their clusters, to the tests after it. */
function endStrays(): void {
  for (const child of running) child.kill('SIGKILL')
  for (const { state } of listClusters())
    for (const { pid } of processesOf(state)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended since we looked.
      }
    }
}

/** How a command ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A command of the CLI that runs. */
export interface Command {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** All that it has printed so far, on either stream. */
  output(): string
  kill(signal: NodeJS.Signals): void
}

export interface CommandOptions {
  cwd: string
  /** On top of this process's environment. */
  env?: Record<string, string>
}

export function startCli(args: readonly string[], { cwd, env = {} }: CommandOptions): Command {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  const text = { stdout: '', stderr: '' }
  let output = ''
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
      output += chunk
    })
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ended>()
  child.once('error', reject)
  child.once('close', (code, signal) => resolve({ code, signal, ...text }))
  if (child.pid === undefined) throw new Error('the command was not started')
  return { pid: child.pid, ended, output: () => output, kill: (signal) => void child.kill(signal) }
}

export const runCli = (args: readonly string[], options: CommandOptions): Promise<Ended> =>
  startCli(args, options).ended

/** What `--json` printed. */
export const documentOf = ({ stdout }: Ended): ReportDocument => JSON.parse(stdout) as ReportDocument

/** Waits until a command has printed a text. Fails with what it printed instead. */
export async function untilPrinted(
  command: Command,
  text: string | RegExp,
  deadlineMs: number,
): Promise<void> {
  const there = () =>
    typeof text === 'string' ? command.output().includes(text) : text.test(command.output())
  let over = false
  void command.ended.then(() => (over = true))
  const look = () => {
    if (there()) return true
    if (over) throw new Error(`it ended and never printed ${text}:\n${command.output()}`)
    return undefined
  }
  await poll(look, { what: `prints ${text}`, deadlineMs, everyMs: 10, detail: () => command.output() })
}

/** The cluster that a command has laid, once it has written its state. */
export const clusterOf = ({ pid }: Command): Promise<ClusterState> =>
  poll(() => listClusters().find(({ state }) => state.owner.pid === pid)?.state, {
    what: `process ${pid} has a cluster`,
    deadlineMs: 20_000,
    everyMs: 10,
  })

/** Whoever carries the id of one of these clusters in its environment. */
export const processesCarrying = (ids: readonly string[]): ProcessFacts[] =>
  allProcesses().filter(({ pid }) => ids.includes(environmentOf(pid)?.get(CLUSTER_VARIABLE) ?? ''))

/**
 * Whoever is left of a home's clusters: those of these ids, and whoever runs in the home. PostgreSQL's backends
 * overwrite the memory that shows their environment, and each leads a group of its own.
 */
export function processesLeft(home: Home, ids: readonly string[]): ProcessFacts[] {
  const carrying = processesCarrying(ids).map(({ pid }) => pid)
  return allProcesses().filter(
    ({ pid }) => carrying.includes(pid) || folderOf(pid)?.startsWith(`${home.clusters}/`),
  )
}

/** The working folder of a process; of one that was removed Linux gives the old path. */
function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // It has ended since it was listed.
    return undefined
  }
}
