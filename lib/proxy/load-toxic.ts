import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ToxicDefinition } from '../toxic.ts'
import { messageOf, UsageError } from '../util/errors.ts'
import { problemOf } from './definition.ts'

/**
 * Loads a toxic of somebody's own.
 * @param path Of a module whose default export is the definition, from the working directory.
 * @param known The toxics that there are already.
 * @throws {UsageError} that says what is wrong where.
 */
export async function loadToxic(path: string, known: readonly ToxicDefinition[]): Promise<ToxicDefinition> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UsageError(`cannot load the toxic ${path}: there is no such file`)
  const url = pathToFileURL(file).href
  const module = await load(url).catch((error: unknown) => {
    const place = placeIn(url, error)
    throw new UsageError(`cannot load the toxic ${path}${place}: ${messageOf(error)}`, { cause: error })
  })
  if (!('default' in module))
    throw new UsageError(`the toxic ${path} has no default export: export default defineToxic({ … })`)
  const problem = problemOf(module['default'], known)
  if (problem !== undefined) throw new UsageError(`the toxic ${path}: ${problem}`)
  return module['default'] as ToxicDefinition
}

const load = async (url: string): Promise<Record<string, unknown>> => import(url)

/** `:3:5`, where in the file it was, if the error tells. */
function placeIn(url: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [, after = ''] = stack.split(url)
  return /^:\d+(?::\d+)?/.exec(after)?.[0] ?? ''
}
