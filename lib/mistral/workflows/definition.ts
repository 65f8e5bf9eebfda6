import { UsageError } from '../../util/errors.ts'
import { unknownWord } from '../../util/nearest.ts'
import { render } from './render.ts'

/** What the tasks of a workflow run: std.noop, std.sleep, or a call of the effects endpoint by std.http. */
export type WorkflowAction = 'noop' | 'sleep' | 'effect'
export const workflowActions: readonly WorkflowAction[] = ['noop', 'sleep', 'effect']

/** A size of a workflow: a whole number. */
export interface Parameter {
  default: number
  min: number
  about: string
}

/** A task as a reference workflow plans it; what it does beyond that is the same for all tasks. */
export interface TaskPlan {
  /** Tasks whose success starts this one. */
  after?: string[]
  /** Waits for all tasks of `after`; needed as soon as there are several. */
  join?: boolean
  /** Elements of a with-items task. */
  items?: number
  /** Runs this workflow instead of the action. */
  workflow?: WorkflowDefinition
}
export type TaskPlans = Record<string, TaskPlan>

/** A reference workflow: its sizes, and the tasks that follow from them. */
export interface WorkflowKind<P extends string = string> {
  /** As on the command line: `sequences-join`. */
  name: string
  about: string
  parameters: Record<P, Parameter>
  /** @param child builds another reference workflow with the same action and retries, to run as a sub-workflow. */
  tasks(sizes: Record<P, number>, child: BuildChild): TaskPlans
}
type BuildChild = (kind: WorkflowKind, sizes: Record<string, number>) => WorkflowDefinition

/** A workflow's graph, as the journal states it. */
export interface WorkflowGraph {
  tasks: Record<string, GraphTask>
}
export interface GraphTask {
  after: string[]
  runs: 'action' | 'workflow'
  name: string
  items?: number
  effect: boolean
  retries: number
}

/** A workflow that can be given to Mistral. */
export interface WorkflowDefinition {
  /** Holds every size, so that one name is one graph: `cw_join_20_effect_r4`. */
  name: string
  /** Mistral DSL v2. */
  yaml: string
  graph: WorkflowGraph
  /** Its actions call the effects endpoint: start it with the input of `effectsInput`. */
  effect: boolean
}

/** How each task of a workflow does its work. */
export interface Work {
  action: WorkflowAction
  /** Of std.sleep. */
  seconds: number
  /** `count` of each task's retry policy; 0: no policy. */
  retries: number
}

/** What is left out has its default; each workflow has only some of the sizes. */
export interface WorkflowOptions {
  /** Default `effect`. */
  action?: WorkflowAction
  tasks?: number
  sequences?: number
  items?: number
  retries?: number
  seconds?: number
}

/** Parameters that every reference workflow has, besides its sizes and its action. */
export const commonParameters = {
  retries: { default: 4, min: 0, about: "count of each task's retry policy, 1 s apart; 0: none" },
  seconds: { default: 1, min: 0, about: 'how long std.sleep sleeps; only with the action sleep' },
} satisfies Record<string, Parameter>

/** Checks the type of a kind's parameters against what its `tasks` reads. */
export const defineWorkflow = <P extends string>(kind: WorkflowKind<P>): WorkflowKind<P> => kind

/**
 * Builds a reference workflow; the last definition is the one to start, those before it are its sub-workflows.
 * @throws {UsageError} for a parameter that it does not have, or a value that it cannot have.
 */
export function build(kind: WorkflowKind, options: WorkflowOptions): WorkflowDefinition[] {
  const { action = 'effect', ...numbers } = options
  if (!workflowActions.includes(action)) throw unknownWord('action', action, workflowActions)
  if (numbers.seconds !== undefined && action !== 'sleep') {
    throw new UsageError(`seconds is for the action sleep, not ${action}`)
  }
  const { retries, seconds, ...sizes } = readParameters(kind, numbers) as Sizes
  return buildAll(kind, sizes, { action, seconds, retries })
}
type Sizes = Record<string, number> & { retries: number; seconds: number }

function buildAll(kind: WorkflowKind, sizes: Record<string, number>, work: Work): WorkflowDefinition[] {
  const children: WorkflowDefinition[] = []
  const child: BuildChild = (childKind, childSizes) => {
    const definitions = buildAll(childKind, childSizes, work)
    children.push(...definitions)
    return definitions.at(-1)!
  }
  const plans = kind.tasks(sizes, child)
  const name = nameOf(kind, sizes, work)
  return [...children, { name, ...render(name, plans, work), effect: work.action === 'effect' }]
}

function readParameters(
  kind: WorkflowKind,
  given: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const parameters: Record<string, Parameter> = { ...kind.parameters, ...commonParameters }
  for (const name of Object.keys(given)) {
    if (!(name in parameters))
      throw unknownWord(`parameter of ${kind.name}`, name, ['action', ...Object.keys(parameters)])
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { default: usual, min }]) => {
      const value = given[name] ?? usual
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
        throw new UsageError(
          `${name} of ${kind.name} is a whole number from ${min}, not ${JSON.stringify(value)}`,
        )
      }
      return [name, value]
    }),
  )
}

/** Sizes in the order of the kind's parameters, so that the name follows from the graph and the graph from the name. */
function nameOf(
  kind: WorkflowKind,
  sizes: Record<string, number>,
  { action, seconds, retries }: Work,
): string {
  const size = Object.keys(kind.parameters).map((name) => sizes[name])
  const work = action === 'sleep' ? `sleep${seconds}` : action
  return `cw_${kind.name.replaceAll('-', '_')}_${size.join('x')}_${work}_r${retries}`
}

/** `t1`, `t2` … */
export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)

/** Tasks that run one after the other. */
export const chain = (names: string[]): TaskPlans =>
  Object.fromEntries(names.map((name, index) => [name, index === 0 ? {} : { after: [names[index - 1]!] }]))
