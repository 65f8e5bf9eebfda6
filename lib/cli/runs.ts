import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pruneRuns } from '../report/files.ts'
import { newRunId } from '../scenario/session.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import { findClusters, runFolderOf } from './clusters.ts'
import { cleanPredecessors } from './predecessors.ts'

/** Where runs are kept, from the working directory, which npm makes the clone. */
const RUNS = 'runs'

export interface LaidRun {
  run: string
  /** Relative to the working directory: `runs/20261123-180000-a1b2c3`. */
  folder: string
}

/** @throws {HarnessError} where the folder cannot be made. */
export function layRun(): LaidRun {
  const run = newRunId()
  const folder = join(RUNS, run)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new HarnessError(`cannot make the run's folder: ${messageOf(error)}`, { cause: error })
  }
  return { run, folder }
}

/**
 * Removes what killed predecessors left, and the oldest runs, but none whose cluster still runs.
 * @returns What was done, for the report.
 */
export async function makeRoom({ run }: LaidRun): Promise<string[]> {
  const cleaned = await cleanPredecessors()
  const running = findClusters().map(({ state }) => basename(runFolderOf(state)))
  const { notes } = await pruneRuns(RUNS, [run, ...running])
  return [...cleaned, ...notes]
}
