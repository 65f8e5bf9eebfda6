import { traitsOf, type Component, type RpcDriver } from './versions.ts'
import { UsageError } from '../util/errors.ts'

/** What a node's configuration depends on. Every port is that of the node's own link, on loopback. */
export interface NodeSettings {
  kind: Component
  /** The node's name, `engine-1`; as `host` it names the node's own queue, `mistral_engine.engine-1`. */
  name: string
  rpc: RpcDriver
  /** Of Mistral, as `mistralVersion` gives it. */
  version: string
  rabbitmqPort: number
  vhost: string
  /** Executors have no link to PostgreSQL and ignore it. */
  postgresPort?: number
  database: string
  /** Where the API is to listen; only for `api`. */
  apiPort?: number
}

/** Seconds, as Mistral reads them. Short, so that recovery is seen within a suite; the defaults are hours. */
const SECONDS = {
  rpcResponse: 10,
  /** Mistral's own fixed delay; SIGTERM finishes what it can within it. */
  gracefulShutdown: 20,
  heartbeatInterval: 2,
  heartbeatsMissed: 10,
  firstHeartbeat: 6,
  schedulerDelay: 1,
  schedulerPickup: 2,
  schedulerCaptured: 4,
  /** A child must have finished for this long before the integrity check looks at its task. */
  integrityAge: 3,
  /** Fixed in Mistral's engine/workflow_handler.py. */
  integrityFirst: 10,
  integrityEvery: 120,
}

/** The time-outs that every node is configured with, in milliseconds: they decide what can still move. */
export const timeouts = {
  rpcResponseMs: SECONDS.rpcResponse * 1000,
  heartbeatIntervalMs: SECONDS.heartbeatInterval * 1000,
  /** The interval × max_missed_heartbeats. A planned outage must stay 7 s below it, or live actions expire. */
  heartbeatBudgetMs: SECONDS.heartbeatInterval * SECONDS.heartbeatsMissed * 1000,
  firstHeartbeatMs: SECONDS.firstHeartbeat * 1000,
  schedulerPickupMs: SECONDS.schedulerPickup * 1000,
  schedulerCapturedMs: SECONDS.schedulerCaptured * 1000,
  integrityFirstMs: SECONDS.integrityFirst * 1000,
  integrityEveryMs: SECONDS.integrityEvery * 1000,
}

type Sections = Record<string, Record<string, string | number | boolean>>

/**
 * A node's mistral.conf.
 * @throws {UsageError} if this Mistral has no such RPC driver, or an api or engine is given no way to PostgreSQL.
 */
export function nodeConfig(node: NodeSettings): string {
  const { rpcDrivers } = traitsOf(node.version)
  if (!rpcDrivers.includes(node.rpc)) {
    throw new UsageError(
      `Mistral ${node.version} has no RPC driver ${node.rpc}; it has ${rpcDrivers.join(', ')}`,
    )
  }
  return ini({
    DEFAULT: {
      transport_url: `rabbit://guest:guest@127.0.0.1:${node.rabbitmqPort}/${encodeURIComponent(node.vhost)}`,
      // Where there is no choice, there is no such option.
      ...(rpcDrivers.length > 1 ? { rpc_implementation: node.rpc } : {}),
      rpc_response_timeout: SECONDS.rpcResponse,
      rpc_ping_enabled: true,
      scheduler_type: 'default',
      graceful_shutdown_timeout: SECONDS.gracefulShutdown,
      // An executor logs "Received RPC request 'run_action'" only at this level.
      debug: true,
    },
    ...database(node),
    pecan: { auth_enable: false },
    ...byComponent(node),
    scheduler: {
      fixed_delay: SECONDS.schedulerDelay,
      pickup_job_after: SECONDS.schedulerPickup,
      captured_job_timeout: SECONDS.schedulerCaptured,
    },
    action_heartbeat: {
      check_interval: SECONDS.heartbeatInterval,
      max_missed_heartbeats: SECONDS.heartbeatsMissed,
      first_heartbeat_timeout: SECONDS.firstHeartbeat,
    },
    cron_trigger: { enabled: false },
    // Effects are called on loopback, which 23.0.0 refuses by default; versions without the option ignore it.
    action_std_http: { denied_cidrs: '' },
  })
}

/** Executors never open a database: seen on 15.0.0 and 23.0.0, which run actions without this section. */
function database({ kind, name, postgresPort, database: dbname }: NodeSettings): Sections {
  if (kind === 'executor') return {}
  if (postgresPort === undefined) throw new UsageError(`${name} needs a port of PostgreSQL`)
  return databaseSection(postgresPort, dbname)
}

/** How Mistral reaches a database on loopback. */
export const databaseSection = (port: number, dbname: string): Sections => ({
  database: { connection: `postgresql+psycopg2://postgres@127.0.0.1:${port}/${dbname}` },
})

function byComponent({ kind, name, apiPort }: NodeSettings): Sections {
  if (kind === 'executor') return { executor: { host: name } }
  if (kind === 'engine')
    return { engine: { host: name, execution_integrity_check_delay: SECONDS.integrityAge } }
  if (apiPort === undefined) throw new UsageError(`${name} needs a port to listen on`)
  return { api: { host: '127.0.0.1', port: apiPort, api_workers: 1 } }
}

/** Sections as an INI file. */
export function ini(sections: Sections): string {
  const blocks = Object.entries(sections).map(([name, options]) => {
    const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`.trimEnd())
    return [`[${name}]`, ...lines, ''].join('\n')
  })
  return blocks.join('\n')
}
