import { problemOf } from '../proxy/definition.ts'
import type { ToxicDefinition } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'

/** What the journal says of a toxic that acts on single messages, whoever wrote it, and whatever it is called. */
export const onMessages = (known: readonly ToxicDefinition[], type: string): { onMessages?: true } =>
  known.some((toxic) => toxic.type === type && toxic.strikes !== undefined) ? { onMessages: true } : {}

/**
 * Adds the toxics of a suite's own to those that a server knows; one that is there already, from an earlier promise,
 * stays.
 * @throws {UsageError} that says what is wrong with one; none is added then.
 */
export function learnToxics(known: ToxicDefinition[], more: readonly ToxicDefinition[]): void {
  const added = more.filter((toxic) => !known.includes(toxic))
  for (const [index, toxic] of added.entries()) {
    const problem = problemOf(toxic, [...known, ...added.slice(0, index)])
    if (problem !== undefined) throw new UsageError(`a toxic of the suite's own: ${problem}`)
  }
  known.push(...added)
}
