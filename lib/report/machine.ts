import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { Machine } from './document.ts'

/** The machine that this process runs on, as the report names it. */
export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
  os: `${type()} ${release()}`,
  node: process.version,
})
