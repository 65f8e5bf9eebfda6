import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../util/errors.ts'
import { freePort } from '../util/ports.ts'
import { accountFor, type Account, type Programs } from './programs.ts'
import { askBroker, BROKER_NODE, type BrokerState } from './broker.ts'
import type { Ground, Launch } from './ground.ts'
import type { RunningProcess } from './process.ts'
import { answers, awaitReady, logged, onFreePort, portOpen } from './ready.ts'

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
const EPMD_LIMIT_MS = 5000
const END_LIMIT_MS = 3000

const VHOST = '/'

/** What epmd and the broker are started with. */
interface Place {
  ground: Ground
  launch: Launch
  programs: Programs
  account: Account
  cwd: string
  env: Record<string, string>
  ports: Ports
}

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
    RABBITMQ_NODENAME: BROKER_NODE,
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

/** Started here and kept in the foreground: one that RabbitMQ starts detaches and outlives its broker. */
async function startEpmd(place: Place): Promise<RunningProcess> {
  const { ground, launch, programs, ports, ...plan } = place
  const epmd = await launch(
    { kind: 'epmd', port: ports.epmd },
    {
      ...plan,
      name: 'epmd',
      command: programs.epmd,
      args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
      log: join(ground.logs, 'epmd.log'),
    },
  )
  await awaitReady(epmd, portOpen(ports.epmd), EPMD_LIMIT_MS, ground.signal)
  return epmd
}

async function startBroker(place: Place): Promise<RunningProcess> {
  const { ground, launch, programs, ports, ...plan } = place
  const log = join(ground.logs, 'rabbitmq.log')
  const broker = await launch(
    { kind: 'rabbitmq', port: ports.amqp },
    { ...plan, name: 'rabbitmq', command: programs.rabbitmqServer, args: [], log },
  )
  await awaitReady(broker, logged(broker, BOOTING), BOOT_LIMIT_MS, ground.signal)
  return broker
}

/** A broker that is on its way, as the rest of the cluster knows it. */
function handleOf(
  { ground, programs, env, ports }: Place,
  broker: RunningProcess,
  epmd: RunningProcess,
): RabbitMq {
  let serves = false
  const read = async (): Promise<BrokerState> => {
    // A question that comes while the broker's applications start can make their start fail.
    if (!serves) throw new HarnessError('RabbitMQ is still booting')
    return askBroker(programs, env, broker.log)
  }
  const answered = answers('the broker answers a question in its own node', async () => Boolean(await read()))
  const serving = async () => {
    await awaitReady(broker, portOpen(ports.amqp), BOOT_LIMIT_MS, ground.signal)
    await awaitReady(broker, logged(broker, BOOTED), BOOT_LIMIT_MS, ground.signal)
    serves = true
    await awaitReady(broker, answered, BOOT_LIMIT_MS, ground.signal)
  }
  const end = async () => {
    // Nothing of the broker is kept, so it need not close its files in order.
    await broker.end('SIGKILL', END_LIMIT_MS)
    await epmd.end('SIGKILL', END_LIMIT_MS)
  }
  return { process: broker, port: ports.amqp, vhost: VHOST, serving, read, end }
}

/**
 * Starts epmd and RabbitMQ on ports of their own, and returns when the broker is on its way: what needs it may
 * begin to start, and `serving` tells when it is there.
 * @throws {HarnessError} with the end of the broker's log; what was started is left to the clean-up of the cluster.
 */
export function startRabbitMq(ground: Ground, programs: Programs, launch: Launch): Promise<RabbitMq> {
  const account = accountFor('rabbitmq')
  const cwd = join(ground.folder, 'rabbitmq')
  return onFreePort(async () => {
    const ports: Ports = { epmd: await freePort(), distribution: await freePort(), amqp: await freePort() }
    layFolder(cwd, account, ports.amqp)
    const env = { ...ground.env, ...environment(cwd, ports) }
    const place: Place = { ground, launch, programs, account, cwd, env, ports }
    const epmd = await startEpmd(place)
    try {
      return handleOf(place, await startBroker(place), epmd)
    } catch (error) {
      await epmd.end('SIGKILL', END_LIMIT_MS)
      throw error
    }
  })
}
