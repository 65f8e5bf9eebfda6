import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HarnessError, messageOf } from '../../util/errors.ts'

/** The folder of our own code. */
const OURS = fileURLToPath(new URL('../../', import.meta.url))

/** Where something was thrown. */
interface Place {
  file: string
  /** `own/mute.ts:12:5`, from the working directory. */
  text: string
}

/**
 * From now on catches what is thrown where nobody else does: by a timer or a promise that a toxic has made, or by a
 * defect of ours. It would end the process, and leave a cluster. What a suite's file itself throws is left to mocha
 * while that runs.
 * @param suites The files of the suites.
 * @param onStray Told of each.
 */
export function catchStrays(suites: readonly string[], onStray: (error: HarnessError) => void): void {
  process.setUncaughtExceptionCaptureCallback((error: unknown) => {
    const place = placeOf(error, suites)
    const isSuites = place === undefined || suites.includes(place.file)
    if (!isSuites || !mochaTakes(error)) onStray(strayError(error, place))
  })
}

function strayError(error: unknown, place: Place | undefined): HarnessError {
  const where = place === undefined ? '' : ` at ${place.text}`
  const whose = place?.file.startsWith(OURS)
    ? 'a defect of ours'
    : 'most likely by a timer or a promise of a toxic: use lane.after, whose errors can be caught'
  return new HarnessError(`nobody caught what was thrown${where}, ${whose}: ${messageOf(error)}`)
}

/** A runner of mocha's that has ended throws it back. */
function mochaTakes(error: unknown): boolean {
  const listeners = process.listeners('uncaughtException')
  try {
    for (const listener of listeners) listener(error as Error, 'uncaughtException')
    return listeners.length > 0
  } catch {
    return false
  }
}

/** The innermost place in code that is neither ours nor a package's, else the innermost in ours; suites may be anywhere. */
function placeOf(error: unknown, suites: readonly string[]): Place | undefined {
  const places = stackOf(error)
    .matchAll(/(?:file:\/\/|[\s(])(\/[^\s():]+):(\d+:\d+)/g)
    .map(([, path = '', at = '']) => ({ file: decodeURI(path), at }))
    .filter(({ file }) => !file.includes('/node_modules/'))
    .toArray()
  const place = places.find(({ file }) => suites.includes(file) || !file.startsWith(OURS)) ?? places[0]
  return place && { file: place.file, text: `${relative('.', place.file)}:${place.at}` }
}

/** Whatever was thrown may have made its own stack. */
function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.stack) : ''
  } catch {
    return ''
  }
}
