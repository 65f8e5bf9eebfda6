import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../util/errors.ts'
import type { ReportDocument } from './document.ts'
import { JOB_SUMMARY_LIMIT_BYTES, jobSummary } from './job-summary.ts'
import { junit } from './junit.ts'

/**
 * Writes report.json and junit.xml into the run's folder. An output that fails never hides what the run has to say:
 * its error is returned as a note, and the others are still written.
 */
export async function writeReport(folder: string, document: ReportDocument): Promise<string[]> {
  const outputs = {
    'report.json': (): string => `${JSON.stringify(document, undefined, 2)}\n`,
    'junit.xml': (): string => junit(document),
  }
  const notes = Object.entries(outputs).map(([name, render]) =>
    noted(`${name} was not written`, async () => {
      await mkdir(folder, { recursive: true })
      await replaceFile(join(folder, name), render())
    }),
  )
  return (await Promise.all(notes)).flat()
}

/** Appends to the file that `$GITHUB_STEP_SUMMARY` names, within what GitHub accepts in all; errors as notes. */
export const appendJobSummary = (path: string, document: ReportDocument): Promise<string[]> =>
  noted('the job summary was not written', async () => {
    const room = JOB_SUMMARY_LIMIT_BYTES - (await sizeOf(path))
    const text = jobSummary(document, room)
    if (Buffer.byteLength(text) >= room) throw new Error(`${path} has no room left`)
    await appendFile(path, text)
  })

export interface Pruned {
  /** Names of the runs that were removed. */
  removed: string[]
  notes: string[]
}

/** `20260131-095959-k3v9xq`: names of runs sort by time. */
const RUN_NAME = /^\d{8}-\d{6}-[0-9a-z]{6}$/

/**
 * Removes the oldest runs beyond the last `keep`. Only folders that are named like runs and hold a journal or a
 * report are runs; those named in `inUse` are never removed. Errors are notes.
 */
export async function pruneRuns(runsFolder: string, inUse: readonly string[], keep = 20): Promise<Pruned> {
  const pruned: Pruned = { removed: [], notes: [] }
  const trying = async (what: string, work: () => Promise<void>): Promise<void> => {
    pruned.notes.push(...(await noted(what, work)))
  }
  const runs: string[] = []
  await trying('old runs were not looked for', async () => {
    for (const name of await namedLikeRuns(runsFolder)) {
      await trying(`run ${name} was not looked into`, async () => {
        if (await isRun(join(runsFolder, name))) runs.push(name)
      })
    }
  })
  const old = runs.toSorted().toReversed().slice(keep)
  for (const name of old.filter((name) => !inUse.includes(name))) {
    await trying(`run ${name} was not removed`, async () => {
      await rm(join(runsFolder, name), { recursive: true })
      pruned.removed.push(name)
    })
  }
  return pruned
}

async function namedLikeRuns(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && RUN_NAME.test(entry.name)).map(({ name }) => name)
}

async function isRun(folder: string): Promise<boolean> {
  const files = await readdir(folder)
  return files.includes('journal.ndjson') || files.includes('report.json')
}

/** A reader never sees half a file: it is renamed into place. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`
  try {
    await writeFile(unfinished, text)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function noted(what: string, work: () => Promise<void>): Promise<string[]> {
  try {
    await work()
    return []
  } catch (error) {
    return [`${what}: ${messageOf(error)}`]
  }
}
