import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { poll } from '../util/poll.ts'
import { allProcesses, environmentOf, isAlive, type ProcessFacts } from '../util/procfs.ts'
import { cacheFolder } from './folders.ts'
import { makingPrefix } from './postgres.ts'
import { CLUSTER_VARIABLE } from './process.ts'
import { listClusters, removeCluster, type ClusterState } from './state.ts'

/** A cluster whose owner has died and that nobody will end unless we do. */
export interface Remains {
  folder: string
  state: ClusterState
  /** Its processes that still run. */
  processes: ProcessFacts[]
}

export const ownerAlive = (state: ClusterState): boolean => isAlive(state.owner.pid, state.owner.start)

/**
 * A cluster's processes: those that the state file names by pid and start time, whoever is left of their process
 * groups, and whoever carries the cluster's id in its environment (one that was started and never noted).
 */
export function processesOf(state: ClusterState): ProcessFacts[] {
  const noted = Object.values(state.processes)
  const leaders = new Map(
    noted.flatMap(({ pid, start }) => (pid === undefined ? [] : [[pid, start] as const])),
  )
  return allProcesses().filter((facts) => {
    const start = leaders.get(facts.pid)
    if (start !== undefined) return start === facts.start
    if (facts.pid === state.owner.pid) return false
    // A group's number stays taken while it has members: they are ours if they are younger than its leader.
    const leaderStart = leaders.get(facts.group)
    if (leaderStart !== undefined && facts.start >= leaderStart && !isReused(facts.group, leaderStart))
      return true
    return environmentOf(facts.pid)?.get(CLUSTER_VARIABLE) === state.id
  })
}

/** The pid lives again as another process, so that its group is not ours either. */
function isReused(pid: number, start: number): boolean {
  const now = allProcesses().find((facts) => facts.pid === pid)
  return now !== undefined && now.start !== start
}

/** What killed predecessors left. */
export function findRemains(): Remains[] {
  return listClusters()
    .filter(({ state }) => !ownerAlive(state))
    .map(({ folder, state }) => ({ folder, state, processes: processesOf(state) }))
}

/** Ends every process of a cluster at once, also those that nobody has in hand any more. */
export async function endProcesses(state: ClusterState): Promise<void> {
  const kill = () => {
    const left = processesOf(state)
    for (const { pid, start } of left) if (isAlive(pid, start)) killQuietly(pid)
    return left.length === 0 ? true : undefined
  }
  await poll(kill, { what: `the processes of ${state.id} end`, deadlineMs: 10_000 })
}

/** Ends every process of a cluster that has no owner, and removes its folder. */
export async function cleanRemains(remains: Remains): Promise<void> {
  await endProcesses(remains.state)
  const cache = cacheFolder()
  const half = readdirSync(cache).filter((name) => name.startsWith(makingPrefix(remains.state.id)))
  for (const name of half) rmSync(join(cache, name), { recursive: true, force: true, maxRetries: 5 })
  removeCluster(remains.folder)
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
