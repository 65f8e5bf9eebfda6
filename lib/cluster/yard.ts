import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isNode } from '../util/node-names.ts'
import { processFacts } from '../util/procfs.ts'
import type { OnEvent } from './events.ts'
import { clustersFolder } from './folders.ts'
import type { Ground, Launch } from './ground.ts'
import type { LinkFabric } from './links.ts'
import { endProcesses } from './remains.ts'
import { CLUSTER_VARIABLE, startProcess, type RunningProcess } from './process.ts'
import { removeCluster, writeState, type ClusterState, type Rpc } from './state.ts'

const END_LIMIT_MS = 5000

/** A cluster's folder, its state file, and the processes that were started in it. */
export class Yard {
  readonly ground: Ground
  readonly state: ClusterState
  private readonly onEvent: OnEvent
  private readonly running = new Set<RunningProcess>()

  constructor(ground: Ground, state: ClusterState, onEvent: OnEvent) {
    this.ground = ground
    this.state = state
    this.onEvent = onEvent
    this.save()
  }

  readonly launch: Launch = async (state, plan) => {
    // On disk before the process exists: whoever cleans up after a kill -9 of ours knows that it may be there.
    this.state.processes[plan.name] = { ...state, log: plan.log }
    this.save()
    const started = await startProcess(plan)
    // Before anything that can fail, a full disk for one: what runs must be known to whoever cleans up.
    this.running.add(started)
    this.state.processes[plan.name] = { ...state, log: plan.log, pid: started.pid, start: started.start }
    this.save()
    this.onEvent({ kind: 'node.started', node: plan.name, pid: started.pid })
    void this.watch(plan.name, started)
    return started
  }

  private async watch(node: string, started: RunningProcess): Promise<void> {
    const exit = await started.exited
    this.running.delete(started)
    this.onEvent({ kind: 'node.exited', node, pid: started.pid, ...exit, expected: started.endAsked() })
  }

  forget(name: string): void {
    delete this.state.processes[name]
    this.save()
  }

  save(): void {
    writeState(this.ground.folder, this.state)
  }

  /** The same fabric, with each link that it lays written down for later commands. */
  noting(fabric: LinkFabric): LinkFabric {
    const open = async (link: string, upstreamPort: number) => {
      const noteTap = (tap: string) => {
        this.state.taps[link] = tap
        this.save()
      }
      const port = await fabric.open(link, upstreamPort, noteTap)
      this.state.links[link] = { listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}` }
      this.save()
      return port
    }
    return { ...fabric, open }
  }

  /** Ends every node, also one whose start is still under way. */
  async endNodes(): Promise<void> {
    const nodes = [...this.running].filter(({ name }) => isNode(name))
    await Promise.all(nodes.map((node) => node.end('SIGKILL', END_LIMIT_MS)))
  }

  /** Whatever still runs is ended, and the folder goes. */
  async abandon(): Promise<void> {
    await Promise.all([...this.running].map((process) => process.end('SIGKILL', END_LIMIT_MS)))
    await endProcesses(this.state)
    removeCluster(this.ground.folder)
  }
}

/** A small environment: the caller's proxies, Python paths and locale must not reach the system under test. */
function baseEnvironment(id: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: process.env['HOME'] ?? '/',
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    [CLUSTER_VARIABLE]: id,
  }
}

/** What a yard needs of the plan of a cluster. */
export interface YardPlan {
  name: string
  rpc: Rpc
  python: string
  logs?: string
  urls: ClusterState['urls']
  onEvent: OnEvent
  signal?: AbortSignal
}

export function layYard(plan: YardPlan, mistral: string): Yard {
  const id = `${plan.name}-${randomBytes(3).toString('hex')}`
  const folder = join(clustersFolder(), id)
  const logs = plan.logs ?? join(folder, 'logs')
  mkdirSync(folder, { mode: 0o755 })
  mkdirSync(logs, { recursive: true })
  const state: ClusterState = {
    id,
    name: plan.name,
    owner: {
      pid: process.pid,
      start: processFacts(process.pid)?.start ?? 0,
      command: process.argv.slice(2).join(' '),
    },
    began: new Date().toISOString(),
    rpc: plan.rpc,
    mistral,
    python: plan.python,
    processes: {},
    urls: { ...plan.urls },
    logs,
    links: {},
    taps: {},
  }
  const ground: Ground = {
    id,
    folder,
    logs,
    env: baseEnvironment(id),
    ...(plan.signal ? { signal: plan.signal } : {}),
  }
  return new Yard(ground, state, plan.onEvent)
}
