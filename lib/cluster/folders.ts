import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HarnessError } from '../util/errors.ts'

/**
 * Where the clusters of this user live: outside the clone, because the users `postgres` and `rabbitmq` cannot
 * enter a clone under /root, and in a folder for temporary files, because nothing in it outlives a reboot.
 */
export function homeFolder(): string {
  const uid = process.getuid?.() ?? 0
  const folder = process.env['CROSSWIND_HOME'] ?? join(tmpdir(), `crosswind-${uid}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw new HarnessError(
      `cannot make the folder ${folder}: set CROSSWIND_HOME to one that can be written`,
      { cause: error },
    )
  }
  // Everybody may write to /tmp: a folder that somebody else laid there is not ours to trust.
  const facts = lstatSync(folder)
  if (!facts.isDirectory() || facts.uid !== uid)
    throw new HarnessError(`${folder} is not a folder of yours: remove it, or set CROSSWIND_HOME to another`)
  chmodSync(folder, 0o755)
  return folder
}

export function clustersFolder(): string {
  const folder = join(homeFolder(), 'clusters')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  return folder
}

/** Schema caches, one folder per version of PostgreSQL and Mistral. */
export function cacheFolder(): string {
  const folder = join(homeFolder(), 'cache')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  return folder
}
