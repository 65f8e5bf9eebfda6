import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../util/errors.ts'

/** The interpreter that sees Debian's Mistral; another `python3` may come first on PATH and does not. */
export const DEBIAN_PYTHON = '/usr/bin/python3'

/** Where the programs of the services are. */
export interface Programs {
  rabbitmqServer: string
  epmd: string
  erlCall: string
  initdb: string
  postgres: string
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

function find(name: string, first: string[]): string {
  const folders = [...first, ...(process.env['PATH'] ?? '').split(':').filter(Boolean)]
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (found === undefined)
    throw new HarnessError(
      `${name} is not installed (looked in ${folders.join(', ')}): run \`npm run crosswind -- setup\``,
    )
  return found
}

/**
 * @throws {HarnessError} naming the program that is missing.
 */
export function findPrograms(): Programs {
  // The programs named rabbitmq-* on PATH are wrappers that refuse ordinary users.
  const rabbitmq = ['/usr/lib/rabbitmq/bin']
  const postgres = postgresFolders()
  return {
    rabbitmqServer: find('rabbitmq-server', rabbitmq),
    epmd: find('epmd', []),
    erlCall: find('erl_call', []),
    initdb: find('initdb', postgres),
    postgres: find('postgres', postgres),
  }
}

/** The account that a service runs as: a user of its own when we are root, since it refuses to run as root. */
export interface Account {
  uid: number
  gid: number
}

export function accountFor(user: string): Account {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0 }
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${user}:`))
  if (line === undefined)
    throw new HarnessError(`there is no user ${user}, as whom the service runs when we are root`)
  const [, , userId, groupId] = line.split(':')
  return { uid: Number(userId), gid: Number(groupId) }
}
