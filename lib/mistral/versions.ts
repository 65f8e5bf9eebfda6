import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { HarnessError, messageOf } from '../util/errors.ts'

/** What crosswind runs of Mistral. */
export type Component = 'api' | 'engine' | 'executor'

/** How Mistral's components speak to each other, over RabbitMQ in both. */
export type RpcDriver = 'oslo' | 'kombu'

/** What differs from one Mistral to another; everything else here holds for all that were tried. */
export interface VersionTraits {
  rpcDrivers: readonly RpcDriver[]
  /**
   * The line on stdout (with PYTHONUNBUFFERED=1) that says that a component serves; undefined: it prints none,
   * and only GET / and the RPC ping tell.
   */
  readyLine: ((component: Component) => string) | undefined
  /**
   * Processes of one component: `one` process; `forks`, the API's listener with a worker; `master`, every
   * component is a master with a worker, which outlives a SIGKILL of its master by some seconds. Always signal
   * the process group.
   */
  processes: (component: Component) => 'one' | 'forks' | 'master'
}

const READY_NAMES: Record<Component, string> = { api: 'API', engine: 'Engine', executor: 'Executor' }

/** Up to here: eventlet, both drivers, a ready line. Seen on 15.0.0 and 20.2.0. */
const EVENTLET: VersionTraits = {
  rpcDrivers: ['oslo', 'kombu'],
  readyLine: (component) => `${READY_NAMES[component]} server started.`,
  processes: (component) => (component === 'api' ? 'forks' : 'one'),
}

/** 21.0.0 dropped kombu and the ready line; 23.0.0, the one that was run, has masters and threads. */
const THREADS: VersionTraits = {
  rpcDrivers: ['oslo'],
  readyLine: undefined,
  processes: () => 'master',
}

/** @throws {HarnessError} if the version does not begin with a number. */
export function traitsOf(version: string): VersionTraits {
  const major = Number.parseInt(version, 10)
  if (Number.isNaN(major)) throw new HarnessError(`"${version}" is not a version of Mistral`)
  return major >= 21 ? THREADS : EVENTLET
}

/** Arguments of the interpreter that start a component; the same in 15.0.0 and 23.0.0. */
export const serverArguments = (configFile: string, component: Component): string[] => [
  '-m',
  'mistral.cmd.launch',
  '--config-file',
  configFile,
  '--server',
  component,
]

/** Arguments of the interpreter for mistral-db-manage; the same in 15.0.0 and 23.0.0. */
export const schemaArguments = (configFile: string, ...command: string[]): string[] => [
  '-m',
  'mistral.db.sqlalchemy.migration.cli',
  '--config-file',
  configFile,
  ...command,
]

/** Reads the package's metadata only: Mistral itself, which takes a second to import, is not imported. */
const ASK = 'import importlib.metadata; print(importlib.metadata.version("mistral"))'

/** An interpreter that starts from a cold disk takes a second or two; 0.1 s is usual. */
const ASK_LIMIT_MS = 20_000

/**
 * The version of Mistral that an interpreter would run, `15.0.0`.
 * @param python path of a Python interpreter. A virtual environment's must not be resolved to what it links to.
 * @throws {HarnessError} if there is no such interpreter, or no Mistral in it.
 */
export async function mistralVersion(python: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', ASK], { timeout: ASK_LIMIT_MS })
    return stdout.trim()
  } catch (error) {
    const lastLine = messageOf(error).trim().split('\n').at(-1) ?? ''
    throw new HarnessError(`no Mistral in ${python}: ${lastLine}`, { cause: error })
  }
}
