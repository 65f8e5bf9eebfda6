import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { HarnessError, messageOf } from '../util/errors.ts'

/** What crosswind runs of Mistral. */
export type Component = 'api' | 'engine' | 'executor'

/** How Mistral's components speak to each other, over RabbitMQ in both. */
export type RpcDriver = 'oslo' | 'kombu'

/** What differs from one Mistral to another; everything else in this folder holds for all that were tried. */
export interface VersionTraits {
  rpcDrivers: readonly RpcDriver[]
  /**
   * The line on stdout (with PYTHONUNBUFFERED=1) that says that a component serves; undefined: it prints none,
   * and only GET / and the RPC ping tell.
   */
  readyLine: ((component: Component) => string) | undefined
}

const READY_NAMES: Record<Component, string> = { api: 'API', engine: 'Engine', executor: 'Executor' }

/** Ran: 15.0.0 and 20.2.0. */
const WITH_KOMBU: VersionTraits = {
  rpcDrivers: ['oslo', 'kombu'],
  readyLine: (component) => `${READY_NAMES[component]} server started.`,
}

/** Ran: 23.0.0; by their code, 21.0.0 dropped both, and 22.0.0 has neither. */
const OSLO_ONLY: VersionTraits = { rpcDrivers: ['oslo'], readyLine: undefined }

/** @throws {HarnessError} if the version does not begin with a number. */
export function traitsOf(version: string): VersionTraits {
  const major = Number.parseInt(version, 10)
  if (Number.isNaN(major)) throw new HarnessError(`"${version}" is not a version of Mistral`)
  return major >= 21 ? OSLO_ONLY : WITH_KOMBU
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
