/** Where things are: this clone, its Node 24, and the programs of this machine. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const BIN = join(ROOT, 'node_modules/.bin')
export const NODE_24 = join(BIN, 'node')

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The folders of PATH, but for those of our own packages. */
export const pathFolders = () =>
  (process.env.PATH ?? '').split(delimiter).filter((folder) => folder && folder !== BIN)

export const onPath = (name) => pathFolders().some((folder) => isExecutable(join(folder, name)))

export function systemName() {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}
