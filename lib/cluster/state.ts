import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clustersFolder } from './folders.ts'

export type Rpc = 'oslo' | 'kombu'
export type NodeKind = 'api' | 'engine' | 'executor'
export const NODE_KINDS: readonly NodeKind[] = ['api', 'engine', 'executor']
export type Service = 'rabbitmq' | 'postgres'
export const SERVICES: readonly Service[] = ['rabbitmq', 'postgres']

/** One process as the state file keeps it; without pid it was about to be started. */
export interface ProcessState {
  kind: NodeKind | Service | 'epmd'
  pid?: number
  /** Start time, see procfs: pid and start together name one process. */
  start?: number
  /** The port that it serves, for services and api nodes. */
  port?: number
  log?: string
}

/** What a later command must know to find, ask and clean a cluster; `state.json` in the cluster's folder. */
export interface ClusterState {
  id: string
  name: string
  owner: { pid: number; start: number; command: string }
  began: string
  rpc: Rpc
  mistral: string
  python: string
  processes: Record<string, ProcessState>
  /** Where faults are applied, our own proxies (the same unless a real Toxiproxy stands in front), and effects. */
  urls: { toxiproxy?: string; tap?: string; effects?: string }
  /** The folder of every process's log, which also has those of nodes that have ended. */
  logs: string
  /** The links by name, with the port that the node uses. */
  links: Record<string, { listen: string; upstream: string }>
  /** Where our own proxy of each link listens behind a real Toxiproxy; written before that one is asked for its own. */
  taps: Record<string, string>
}

const STATE_FILE = 'state.json'

/** Written whole and moved into place, so that no reader ever meets half of it. */
export function writeState(folder: string, state: ClusterState): void {
  const file = join(folder, STATE_FILE)
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

function readState(folder: string): ClusterState | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, STATE_FILE), 'utf8')
  } catch {
    // Its owner may just have removed it.
    return undefined
  }
  // What a Crosswind before this one left must be found and cleaned too, whatever its file lacks.
  try {
    return { logs: join(folder, 'logs'), taps: {}, ...JSON.parse(text) } as ClusterState
  } catch {
    // Damaged by somebody else, since ours are moved into place whole: it names nothing that could be found.
    return undefined
  }
}

const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 })

/**
 * Removes a cluster's folder, the state file last: what is left if we are killed meanwhile is then found and
 * removed by the next. A folder that is gone is what was wanted.
 */
export function removeCluster(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : []
  for (const name of names) if (name !== STATE_FILE) remove(join(folder, name))
  remove(folder)
}

/** Every cluster that left a state file, with its folder. */
export function listClusters(): { folder: string; state: ClusterState }[] {
  const root = clustersFolder()
  return readdirSync(root)
    .map((name) => join(root, name))
    .map((folder) => ({ folder, state: readState(folder) }))
    .filter((found): found is { folder: string; state: ClusterState } => found.state !== undefined)
}
