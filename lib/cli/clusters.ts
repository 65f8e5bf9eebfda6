import { dirname } from 'node:path'
import type { Command } from 'commander'
import { ownerAlive } from '../cluster/remains.ts'
import { listClusters, type ClusterState } from '../cluster/state.ts'
import { HarnessError, UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { httpUrl } from './options.ts'

/** A cluster that left a state file. */
export interface FoundCluster {
  folder: string
  state: ClusterState
  /** The process that started it lives. */
  alive: boolean
  /** It was started by `crosswind up`, to be played with; any other belongs to the command that runs. */
  kept: boolean
}

/** The hidden command that a keeper runs as, see lib/cli/keeper. */
export const KEEPER_COMMAND = 'keeper'

/** Oldest first. */
export function findClusters(): FoundCluster[] {
  return listClusters()
    .map(({ folder, state }) => ({
      folder,
      state,
      alive: ownerAlive(state),
      kept: state.owner.command.split(' ')[0] === KEEPER_COMMAND,
    }))
    .toSorted((a, b) => a.state.began.localeCompare(b.state.began))
}

export interface ClusterChoice {
  cluster?: string
}

export const withClusterChoice = (command: Command): Command =>
  command.option('--cluster <name>', 'name or id of the cluster, where several run (see `crosswind ps`)')

/** Whose proxies a command is about: a server's anywhere, or a cluster's. */
export interface ServerChoice extends ClusterChoice {
  url?: string
}

export const withServerChoice = (command: Command): Command =>
  withClusterChoice(
    command.option(
      '--url <url>',
      "a Toxiproxy API, ours or a real one: http://HOST:PORT, or http://HOST:PORT/TOKEN (default: the running cluster's)",
      httpUrl,
    ),
  )

const names = ({ state }: FoundCluster, name: string): boolean => state.name === name || state.id === name

/** A cluster's name if no other has it, else its id. */
export const callName = ({ state }: FoundCluster, all: readonly FoundCluster[]): string =>
  all.filter((other) => other.state.name === state.name).length > 1 ? state.id : state.name

/**
 * The clusters of that name or id.
 * @throws {UsageError} naming the nearest if there is none.
 */
export function clustersNamed(name: string, all: readonly FoundCluster[]): FoundCluster[] {
  const found = all.filter((cluster) => names(cluster, name))
  if (found.length === 0)
    throw unknownWord('cluster', name, [...new Set(all.map((one) => callName(one, all)))])
  return found
}

/**
 * The cluster that a command is for: the one that is named, else the only one that `crosswind up` started. One that
 * belongs to a running gate is taken only by name.
 * @throws {UsageError} saying what to do if there is none, or several.
 */
export function chooseCluster(name: string | undefined, all = findClusters()): FoundCluster {
  const found = name === undefined ? all.filter(({ kept }) => kept) : clustersNamed(name, all)
  const [only, second] = found
  if (only !== undefined && second === undefined) return only
  if (only === undefined) throw new UsageError(noneText(all))
  const choices = found.map((one) => (name === undefined ? callName(one, all) : one.state.id))
  throw new UsageError(`there are several clusters: say --cluster NAME with one of ${choices.join(', ')}`)
}

function noneText(all: readonly FoundCluster[]): string {
  const hint = 'no cluster runs; start one: npm run crosswind -- up'
  if (all.length === 0) return hint
  const others = all.map((one) => callName(one, all)).join(', ')
  return `${hint} (a gate's is taken only by name: --cluster ${others})`
}

/**
 * The same, of a cluster whose proxies and services are there to be used.
 * @throws {HarnessError} when the process that kept it has died.
 */
export function chooseLiving(name: string | undefined): FoundCluster {
  const found = chooseCluster(name)
  if (!found.alive) throw new HarnessError(diedText(found))
  return found
}

/** The run's folder: journal, logs and configurations. */
export const runFolderOf = ({ logs }: ClusterState): string => dirname(logs)

const diedText = ({ state }: FoundCluster): string =>
  `the process that kept ${state.id} (pid ${state.owner.pid}) has died, and its proxies with it; ` +
  'remove what is left: npm run crosswind -- down'

/** Base URL of the first api node, as `http://127.0.0.1:8989`. */
export function apiUrl(state: ClusterState): string | undefined {
  const api = Object.values(state.processes).find(({ kind, port, pid }) => kind === 'api' && port && pid)
  return api && `http://127.0.0.1:${api.port}`
}
