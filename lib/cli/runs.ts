import { mkdirSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { pruneRuns } from '../report/files.ts'
import { newRunId } from '../scenario/session.ts'
import { HarnessError, messageOf } from '../util/errors.ts'
import { findClusters, runFolderOf } from './clusters.ts'
import { cleanPredecessors } from './predecessors.ts'

/**
 * Where runs are kept: in the working directory, which npm makes the clone. Absolute, since that folder may go while
 * we run, and Node would then look for a relative one's parents for ever.
 */
const RUNS = resolve('runs')

export interface LaidRun {
  run: string
  folder: string
  /** As people are told of it: `runs/20261123-180000-a1b2c3`. */
  shown: string
}

/** As short as it can be told: from the working directory, if it lies there. */
export const shownFolder = (folder: string): string => {
  const short = relative('.', folder)
  return short.startsWith('..') ? folder : short
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
  return { run, folder, shown: shownFolder(folder) }
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
