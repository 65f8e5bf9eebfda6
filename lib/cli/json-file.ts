import { readFileSync } from 'node:fs'
import { messageOf, UsageError } from '../util/errors.ts'

/** What a file has that somebody named. @throws {UsageError} if it cannot be read, or is no JSON. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw new UsageError(`${file} ${what}: ${messageOf(error)}`)
  }
}
