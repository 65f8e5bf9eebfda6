import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder } from '../../cluster/folders.ts'

/** A cluster that ended by itself, for `ps` to tell: nothing else is left of it but its run's folder. */
export interface EndedCluster {
  name: string
  id: string
  /** ISO 8601. */
  at: string
  why: string
  /** The keeper's log. */
  log: string
}

function folder(): string {
  const path = join(homeFolder(), 'ended')
  mkdirSync(path, { recursive: true, mode: 0o755 })
  return path
}

export const noteEnded = (ended: EndedCluster): void =>
  writeFileSync(join(folder(), `${ended.name}.json`), `${JSON.stringify(ended)}\n`)

export const endedClusters = (): EndedCluster[] =>
  readdirSync(folder()).map((file) => JSON.parse(readFileSync(join(folder(), file), 'utf8')) as EndedCluster)

/** Told once: `down` and the next `up` of that name forget it. */
export const forgetEnded = (name: string): void => rmSync(join(folder(), `${name}.json`), { force: true })
