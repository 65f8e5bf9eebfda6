import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { chooseCluster, findClusters, runFolderOf } from './clusters.ts'

const JOURNAL = 'journal.ndjson'

/** Where runs are kept, as seen from the working directory. */
const RUNS = 'runs'

/**
 * The journal of a run.
 * @param run a run's folder, or its name alone.
 * @throws {UsageError} naming the nearest if there is none.
 */
export function journalOf(run: string): string {
  if (existsSync(join(run, JOURNAL))) return join(run, JOURNAL)
  const folder = dirname(run) === '.' ? RUNS : dirname(run)
  const there = runsIn(folder)
  if (there.includes(basename(run))) return join(folder, basename(run), JOURNAL)
  throw unknownWord(`run of ${folder}`, basename(run), there)
}

/** Newest first. */
const runsIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((run) => existsSync(join(folder, run, JOURNAL)))
        .toSorted()
        .toReversed()
    : []

/** Where a command that reads journals looks if no run is named: the running cluster's, then the others, newest first. */
export function journalsAtHand(cluster: string | undefined): string[] {
  const kept = findClusters().filter((one) => one.kept)
  const running = cluster !== undefined || kept.length > 0 ? [runFolderOf(chooseCluster(cluster).state)] : []
  const runs = cluster === undefined ? runsIn(RUNS).map((run) => join(RUNS, run)) : []
  return [...new Set([...running, ...runs])]
    .map((folder) => join(folder, JOURNAL))
    .filter((file) => existsSync(file))
}

/** @throws {UsageError} if there is none. */
export function newestJournal(cluster: string | undefined): string {
  const [first] = journalsAtHand(cluster)
  if (first === undefined)
    throw new UsageError(
      `there is neither a running cluster nor a run in ${RUNS}/: start one, npm run crosswind -- up`,
    )
  return first
}
