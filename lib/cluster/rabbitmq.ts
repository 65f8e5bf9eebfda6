import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HarnessError, messageOf } from '../util/errors.ts'
import { freePort } from '../util/ports.ts'
import { accountFor, findPrograms, type Account, type Programs } from './programs.ts'
import type { Ground, Launch } from './ground.ts'
import type { RunningProcess } from './process.ts'
import { answers, awaitReady, logged, onFreePort, portOpen } from './ready.ts'

export interface QueueState {
  name: string
  ready: number
  unacked: number
  consumers: number
}

/** What the broker itself says, asked inside its own Erlang node. */
export interface BrokerState {
  queues: QueueState[]
  /** One row per consumer: the queue, and the port that its connection comes from (a proxy's upstream socket). */
  consumers: { queue: string; peerPort: number }[]
  connections: number
}

export interface RabbitMq {
  readonly process: RunningProcess
  readonly port: number
  readonly vhost: string
  /**
   * Resolves when connections are accepted and the broker's node answers.
   * @throws {PortTakenError} when its port was taken meanwhile.
   * @throws {HarnessError} with the end of the broker's log.
   */
  serving(): Promise<void>
  /** @throws {HarnessError} when the broker does not answer. */
  read(): Promise<BrokerState>
  end(): Promise<void>
}

/** The version, as the folder of the installed server names it: asking the program takes a second. */
export const rabbitMqVersion = (programs: Programs): string =>
  /rabbitmq_server-([\d.]+\d)/.exec(realpathSync(programs.rabbitmqServer))?.[1] ?? 'unknown'

/** Said about half-way through the boot, when what can go wrong with ports of the Erlang node has gone right. */
const BOOTING = 'Starting RabbitMQ'
const BOOTED = 'Server startup complete'
/** 5 s on two cores that have nothing else to do. */
const BOOT_LIMIT_MS = 60_000

const NODE = 'rabbit@localhost'
const VHOST = '/'

// Evaluated inside the broker by erl_call, which answers in milliseconds where rabbitmqctl takes a second of processor time.
const READ = `
Conns = maps:from_list([{proplists:get_value(pid, I), proplists:get_value(peer_port, I)}
  || I <- rabbit_networking:connection_info_all([pid, peer_port])]),
Chans = maps:from_list([{proplists:get_value(pid, I), maps:get(proplists:get_value(connection, I), Conns, 0)}
  || I <- rabbit_channel:info_all([pid, connection])]),
Queues = [#{name => element(4, proplists:get_value(name, I)), ready => proplists:get_value(messages_ready, I),
    unacked => proplists:get_value(messages_unacknowledged, I), consumers => proplists:get_value(consumers, I)}
  || I <- rabbit_amqqueue:info_all(<<"/">>, [name, messages_ready, messages_unacknowledged, consumers])],
Consumers = [#{queue => element(4, proplists:get_value(queue_name, C)),
    peerPort => maps:get(proplists:get_value(channel_pid, C), Chans, 0)} || C <- rabbit_amqqueue:consumers_all(<<"/">>)],
io:format("~s", [rabbit_json:encode(#{queues => Queues, consumers => Consumers, connections => maps:size(Conns)})]), ok.
`

interface Ports {
  epmd: number
  distribution: number
  amqp: number
}

function layFolder(folder: string, account: Account, amqpPort: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const files: [string, string, number][] = [
    ['.erlang.cookie', randomBytes(24).toString('hex'), 0o400],
    ['enabled_plugins', '[].\n', 0o644],
    [
      'rabbitmq.conf',
      // Small limits of disk and memory alarms would block publishers for reasons that are not the run's.
      `listeners.tcp.1 = 127.0.0.1:${amqpPort}\ndisk_free_limit.absolute = 50MB\nvm_memory_high_watermark.relative = 0.4\n`,
      0o644,
    ],
  ]
  chownSync(folder, account.uid, account.gid)
  for (const [name, text, mode] of files) {
    const file = join(folder, name)
    // The cookie is read-only even for its owner: loosen it before a second try writes it again.
    writeFileSync(file, text, { mode: 0o600, flag: 'w' })
    chownSync(file, account.uid, account.gid)
    chmodSync(file, mode)
  }
}

/** The broker's place in the world: its own epmd, so that two clusters never meet, and loopback everywhere. */
function environment(folder: string, ports: Ports): Record<string, string> {
  return {
    HOME: folder,
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: NODE,
    RABBITMQ_NODE_PORT: String(ports.amqp),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  }
}

let asked = 0

async function ask(
  programs: Programs,
  env: Record<string, string>,
  expression: string,
  limitMs = 8000,
): Promise<string> {
  asked += 1
  // A name of its own for each call: of two callers with one name the node refuses the second.
  const args = [
    '-h',
    `crosswind${process.pid}x${asked}`,
    '-sname',
    NODE,
    '-fetch_stdout',
    '-no_result_term',
    '-timeout',
    '5',
    '-e',
  ]
  const call = promisify(execFile)(programs.erlCall, args, {
    env,
    timeout: limitMs,
    maxBuffer: 64 * 2 ** 20,
  })
  call.child.stdin?.on('error', () => {
    // erl_call that has ended closes its input; its exit status says what happened.
  })
  call.child.stdin?.end(expression)
  return (await call).stdout
}

/**
 * What the broker of a cluster says to somebody who did not start it.
 * @param folder The cluster's.
 * @throws {HarnessError} when it does not answer in time.
 */
export async function readBroker(folder: string, epmdPort: number, limitMs: number): Promise<BrokerState> {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    // Where the cookie lies that lets one in.
    HOME: join(folder, 'rabbitmq'),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  try {
    return JSON.parse(await ask(findPrograms(), env, READ, limitMs)) as BrokerState
  } catch (error) {
    throw new HarnessError(`RabbitMQ does not answer: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Starts epmd and RabbitMQ on ports of their own, and returns when the broker is on its way: what needs it may
 * begin to start, and `serving` tells when it is there.
 * @throws {HarnessError} with the end of the broker's log.
 */
export function startRabbitMq(ground: Ground, programs: Programs, launch: Launch): Promise<RabbitMq> {
  const account = accountFor('rabbitmq')
  const folder = join(ground.folder, 'rabbitmq')
  return onFreePort(async () => {
    const ports: Ports = { epmd: await freePort(), distribution: await freePort(), amqp: await freePort() }
    layFolder(folder, account, ports.amqp)
    const env = { ...ground.env, ...environment(folder, ports) }
    // Started here and kept in the foreground: one that RabbitMQ starts detaches and outlives its broker.
    const epmd = await launch(
      { kind: 'epmd', port: ports.epmd },
      {
        name: 'epmd',
        command: programs.epmd,
        args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
        env,
        cwd: folder,
        log: join(ground.logs, 'epmd.log'),
        account,
      },
    )
    const undo: RunningProcess[] = [epmd]
    try {
      await awaitReady(epmd, portOpen(ports.epmd), 5000, ground.signal)
      const broker = await launch(
        { kind: 'rabbitmq', port: ports.amqp },
        {
          name: 'rabbitmq',
          command: programs.rabbitmqServer,
          args: [],
          env,
          cwd: folder,
          log: join(ground.logs, 'rabbitmq.log'),
          account,
        },
      )
      undo.unshift(broker)
      await awaitReady(broker, logged(broker.log, BOOTING), BOOT_LIMIT_MS, ground.signal)
      let serves = false
      const read = async (): Promise<BrokerState> => {
        // A question that comes while the broker's applications start can make their start fail.
        if (!serves) throw new HarnessError('RabbitMQ is still booting')
        try {
          return JSON.parse(await ask(programs, env, READ)) as BrokerState
        } catch (error) {
          throw new HarnessError(`RabbitMQ does not answer (its log: ${broker.log}): ${messageOf(error)}`, {
            cause: error,
          })
        }
      }
      const serving = async () => {
        const asked = answers('the broker answers a question in its own node', async () =>
          Boolean(await read()),
        )
        await awaitReady(broker, portOpen(ports.amqp), BOOT_LIMIT_MS, ground.signal)
        await awaitReady(broker, logged(broker.log, BOOTED), BOOT_LIMIT_MS, ground.signal)
        serves = true
        await awaitReady(broker, asked, BOOT_LIMIT_MS, ground.signal)
      }
      const end = async () => {
        // Nothing of the broker is kept, so it need not close its files in order.
        await broker.end('SIGKILL', 3000)
        await epmd.end('SIGKILL', 3000)
      }
      return { process: broker, port: ports.amqp, vhost: VHOST, serving, read, end }
    } catch (error) {
      for (const started of undo) await started.end('SIGKILL', 3000)
      throw error
    }
  })
}
