import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suiteOf } from '../../scenario/scenario.ts'
import { unknownWord } from '../../util/nearest.ts'

const FOLDER = fileURLToPath(new URL('../../../suites/', import.meta.url))
const ENDING = '.suite.ts'

/** What a bare gate runs, in this order: without faults first, then from the mildest to the gravest. */
const CORE = [
  'control',
  'rabbitmq-slow',
  'rabbitmq-down',
  'rabbitmq-reset',
  'rabbitmq-black-hole',
  'postgres-slow',
  'postgres-down',
  'postgres-reset',
  'postgres-black-hole',
  'executor-cut-off',
  'engine-cut-off',
  'executor-killed',
  'engine-thin-line',
]

/** Every suite there is: the core ones in their order, then the others by name. */
export function allSuites(): string[] {
  const there = readdirSync(FOLDER)
    .filter((name) => name.endsWith(ENDING))
    .map(suiteOf)
  return [
    ...CORE.filter((name) => there.includes(name)),
    ...there.filter((name) => !CORE.includes(name)).toSorted(),
  ]
}

/**
 * The files of the suites that were asked for, by name or by path.
 * @throws {UsageError} naming the nearest ones.
 */
export function suiteFiles(asked: readonly string[], all: boolean): string[] {
  const there = allSuites()
  const names = asked.length > 0 ? asked : all ? there : there.filter((name) => CORE.includes(name))
  return names.map((name) => {
    if (there.includes(name)) return resolve(FOLDER, `${name}${ENDING}`)
    if (name.endsWith('.ts') && existsSync(name)) return resolve(name)
    throw unknownWord('suite', name, there)
  })
}
