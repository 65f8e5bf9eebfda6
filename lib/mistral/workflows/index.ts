import { unknownWord } from '../../util/nearest.ts'
import complex from './complex.ts'
import { build, type WorkflowDefinition, type WorkflowKind, type WorkflowOptions } from './definition.ts'
import join from './join.ts'
import parallelSequences from './parallel-sequences.ts'
import parallel from './parallel.ts'
import sequence from './sequence.ts'
import sequencesJoin from './sequences-join.ts'
import withItems from './with-items.ts'

export { commonParameters, workflowActions } from './definition.ts'
export type { WorkflowDefinition, WorkflowKind, WorkflowOptions } from './definition.ts'

/** The reference workflows. */
export const workflowKinds: readonly WorkflowKind[] = [
  sequence,
  parallel,
  parallelSequences,
  join,
  sequencesJoin,
  withItems,
  complex,
]

/**
 * Builds a reference workflow of the given sizes; the last definition is the one to start, those before it are
 * the sub-workflows that it needs.
 * @throws {UsageError} for an unknown workflow or parameter (naming the nearest), or a value that it cannot have.
 */
export function buildWorkflow(name: string, options: WorkflowOptions = {}): WorkflowDefinition[] {
  const names = workflowKinds.map((kind) => kind.name)
  const kind = workflowKinds.find((candidate) => candidate.name === name)
  if (!kind) throw unknownWord('workflow', name, names)
  return build(kind, options)
}

/**
 * The input that a definition is started with.
 * @param effects `http://127.0.0.1:PORT/effects`.
 * @param execution the id that it is started under: it is the root of whatever runs beneath it.
 */
export const effectsInput = (
  definition: WorkflowDefinition,
  effects: string,
  execution: string,
): Record<string, string> => (definition.effect ? { effects, root: execution } : {})
