import type { Command } from 'commander'
import { processesOf } from '../../cluster/remains.ts'
import { paint } from '../../report/console.ts'
import { plural } from '../../report/text.ts'
import { inSeconds, monotonicMs } from '../../util/clock.ts'
import { UsageError } from '../../util/errors.ts'
import { DeadlineError, poll } from '../../util/poll.ts'
import { isAlive } from '../../util/procfs.ts'
import {
  callName,
  clustersNamed,
  findClusters,
  withClusterChoice,
  type ClusterChoice,
  type FoundCluster,
} from '../clusters.ts'
import { askKeeper } from '../keeper/client.ts'
import { endedClusters, forgetEnded } from '../keeper/ended.ts'
import { removeRemains } from '../predecessors.ts'
import { terminalOf } from '../terminal.ts'

interface DownFlags extends ClusterChoice {
  all: boolean
}

/** A keeper that lives answers at once; one that is stopped never does. */
const ANSWER_MS = 3000
/** A node that is just being stopped may take Mistral's own limit of 20 s. */
const END_MS = 40_000

export function addDown(root: Command): void {
  withClusterChoice(
    root
      .command('down')
      .description('ends the cluster that `up` started, and removes whatever killed predecessors left')
      .option('--all', 'every cluster that `up` started', false),
  )
    .addHelpText('after', '\nExample:\n  npm run crosswind -- down')
    .action(down)
}

async function down({ cluster, all }: DownFlags): Promise<void> {
  const found = findClusters()
  const chosen = choose(found, cluster, all)
  for (const one of chosen) await end(one)
  const told = endedClusters().filter(({ name }) => cluster === undefined || cluster === name)
  for (const { name, id, why } of told) {
    if (!chosen.some(({ state }) => state.id === id)) say(`${id} had ended by itself: ${why}`)
    forgetEnded(name)
  }
  if (chosen.length === 0 && told.length === 0) say(nothingText(found))
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/**
 * What killed predecessors left, and of what runs only what `up` started, unless it is named.
 * @throws {UsageError} if that is ambiguous.
 */
function choose(found: readonly FoundCluster[], name: string | undefined, all: boolean): FoundCluster[] {
  if (name !== undefined) return found.length === 0 ? [] : unambiguous(clustersNamed(name, found), found)
  const dead = found.filter(({ alive }) => !alive)
  const living = found.filter(({ alive, kept }) => alive && kept)
  return [...dead, ...(all ? living : unambiguous(living, found))]
}

function unambiguous(some: FoundCluster[], found: readonly FoundCluster[]): FoundCluster[] {
  if (some.filter(({ alive }) => alive).length < 2) return some
  const names = some.map((one) => callName(one, found))
  throw new UsageError(
    `there are several clusters: say --cluster NAME with one of ${names.join(', ')}, or --all`,
  )
}

function nothingText(found: readonly FoundCluster[]): string {
  if (found.length === 0) return 'nothing runs, and nothing is left'
  const others = found.map(({ state }) => state.id).join(', ')
  return `nothing to end; what runs belongs to other commands and is ended only by name, --cluster NAME: ${others}`
}

async function end(cluster: FoundCluster): Promise<void> {
  const terminal = terminalOf(process.stdout)
  const begun = monotonicMs()
  const { state, alive } = cluster
  const count = plural(processesOf(state).length, 'process', 'processes')
  say(
    alive
      ? `ending ${state.id}: ${count}`
      : `removing what is left of ${state.id}, whose owner has died: ${count}`,
  )
  if (alive) await endOwner(cluster)
  // What an owner that had to be killed left; nothing after an orderly end.
  await removeRemains({ ...cluster, processes: [] })
  say(`  ${paint(terminal, 'green', '✓')} ${state.id} is down  ${inSeconds(monotonicMs() - begun)}`)
}

/** Asks, then insists: an owner that hangs must not keep its cluster. */
async function endOwner(cluster: FoundCluster): Promise<void> {
  const { pid, start } = cluster.state.owner
  const gone = () => (isAlive(pid, start) ? undefined : true)
  await askToEnd(cluster)
  try {
    await poll(gone, { what: `pid ${pid} ends`, deadlineMs: END_MS })
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
    say(`  it did not end within ${END_MS / 1000} s: SIGKILL to pid ${pid}`)
    signal(cluster, 'SIGKILL')
    await poll(gone, { what: `pid ${pid} ends after SIGKILL`, deadlineMs: 5000 })
  }
}

async function askToEnd(cluster: FoundCluster): Promise<void> {
  try {
    if (cluster.kept) await askKeeper(cluster, '/down', {}, ANSWER_MS)
    else signal(cluster, 'SIGTERM')
  } catch {
    // It is still booting, and has no control server yet, or it hangs.
    signal(cluster, 'SIGTERM')
  }
}

function signal({ state }: FoundCluster, name: NodeJS.Signals): void {
  const { pid, start } = state.owner
  if (isAlive(pid, start)) process.kill(pid, name)
}
