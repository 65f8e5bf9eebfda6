import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import type { Graph } from '../../ledger/entries.ts'
import { UsageError } from '../../util/errors.ts'
import { buildWorkflow, commonParameters, effectsInput, workflowActions, workflowKinds } from './index.ts'
import type { WorkflowDefinition, WorkflowOptions } from './index.ts'

interface DslTask {
  action?: string
  workflow?: string
  input?: Record<string, unknown>
  join?: string
  'with-items'?: string
  'on-success'?: string[]
  retry?: { count: number; delay: number }
}
interface DslWorkflow {
  input?: string[]
  tasks: Record<string, DslTask>
}

/** What Mistral would read: exactly one workflow in a document of version 2.0. */
function readDsl({ name, yaml }: WorkflowDefinition): DslWorkflow {
  const { version, ...workflows } = parse(yaml) as Record<string, unknown>
  expect(version).to.equal('2.0')
  expect(Object.keys(workflows)).to.deep.equal([name])
  return workflows[name] as DslWorkflow
}

/** The graph by the rules of Mistral's DSL, from the text alone. */
function graphOf({ tasks }: DslWorkflow): Graph {
  const read = ([name, task]: [string, DslTask]): [string, Graph['tasks'][string]] => {
    const after = Object.keys(tasks).filter((other) => tasks[other]?.['on-success']?.includes(name))
    // A task with several predecessors and no join would run several times.
    expect(task.join, name).to.equal(after.length > 1 || name === 'last' ? 'all' : undefined)
    const items = task['with-items']?.match(/^i in <% range\(0, (\d+)\) %>$/)?.[1]
    return [
      name,
      {
        after,
        runs: task.workflow === undefined ? 'action' : 'workflow',
        name: task.workflow ?? task.action ?? '',
        ...(items === undefined ? {} : { items: Number(items) }),
        effect: task.action === 'std.http',
        retries: task.retry?.count ?? 0,
      },
    ]
  }
  return { tasks: Object.fromEntries(Object.entries(tasks).map(read)) }
}

const SIZES: Record<string, WorkflowOptions[]> = {
  sequence: [{ tasks: 1 }, { tasks: 11 }],
  parallel: [{ tasks: 1 }, { tasks: 11 }],
  'parallel-sequences': [
    { sequences: 1, tasks: 11 },
    { sequences: 11, tasks: 1 },
    { sequences: 2, tasks: 3 },
  ],
  join: [{ tasks: 1 }, { tasks: 11 }],
  'sequences-join': [
    { sequences: 1, tasks: 11 },
    { sequences: 11, tasks: 1 },
    { sequences: 2, tasks: 3 },
  ],
  'with-items': [{ items: 1 }, { items: 11 }],
  complex: [{ tasks: 1, sequences: 1, items: 1 }, { tasks: 2, sequences: 3, items: 4 }, {}],
}

const variants = (kind: string): WorkflowDefinition[][] =>
  (SIZES[kind] ?? []).flatMap((sizes) =>
    workflowActions.flatMap((action) =>
      [0, 4].map((retries) => buildWorkflow(kind, { ...sizes, action, retries })),
    ),
  )

/** Each task with the tasks that it comes after. */
const edges = (kind: string, options: WorkflowOptions): Record<string, string[]> => {
  const { tasks } = buildWorkflow(kind, options).at(-1)?.graph ?? { tasks: {} }
  return Object.fromEntries(Object.entries(tasks).map(([task, { after }]) => [task, after]))
}

/** Why a workflow is not built. */
const refusal = (kind: string, options: object): string => {
  try {
    buildWorkflow(kind, options)
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return String(error)
  }
  return 'accepted'
}

describe('reference workflows', () => {
  it('are one file each, named after it', () => {
    const notKinds = ['definition.ts', 'index.ts', 'render.ts', 'workflows.test.ts']
    const files = readdirSync(import.meta.dirname).filter((file) => !notKinds.includes(file))
    expect(files).to.have.members(workflowKinds.map(({ name }) => `${name}.ts`))
    expect(Object.keys(SIZES)).to.have.members(workflowKinds.map(({ name }) => name))
  })

  for (const { name } of workflowKinds) {
    it(`${name}: its graph is what its YAML says, with every action and size`, () => {
      for (const definition of variants(name).flat()) {
        expect(definition.graph, definition.name).to.deep.equal(graphOf(readDsl(definition)))
      }
    })
  }

  it('have one graph and one text for one name', () => {
    const texts = new Map<string, string>()
    for (const { name, yaml } of workflowKinds.flatMap((kind) => variants(kind.name).flat())) {
      expect(texts.get(name) ?? yaml, name).to.equal(yaml)
      texts.set(name, yaml)
    }
    expect(new Set(texts.values()).size).to.equal(texts.size)
  })

  it('have the shapes that their names promise', () => {
    expect(edges('sequence', { tasks: 3 })).to.deep.equal({ t1: [], t2: ['t1'], t3: ['t2'] })
    expect(edges('parallel', { tasks: 2 })).to.deep.equal({ t1: [], t2: [] })
    const sequences = { s1_t1: [], s1_t2: ['s1_t1'], s2_t1: [], s2_t2: ['s2_t1'] }
    expect(edges('parallel-sequences', { sequences: 2, tasks: 2 })).to.deep.equal(sequences)
    expect(edges('join', { tasks: 2 })).to.deep.equal({ t1: [], t2: [], last: ['t1', 't2'] })
    expect(edges('sequences-join', { sequences: 2, tasks: 2 })).to.deep.equal({
      ...sequences,
      last: ['s1_t2', 's2_t2'],
    })
    expect(edges('with-items', { items: 5 })).to.deep.equal({ each: [] })
    expect(Object.keys(edges('complex', {}))).to.have.length(7)
  })

  it('come with the sub-workflows that they run, before themselves', () => {
    const definitions = buildWorkflow('complex', { tasks: 2, sequences: 3, items: 4, action: 'noop' })
    const needed = Object.values(definitions.at(-1)?.graph.tasks ?? {}).filter(
      ({ runs }) => runs === 'workflow',
    )
    expect(definitions.slice(0, -1).map(({ name }) => name)).to.deep.equal(needed.map(({ name }) => name))
    expect(needed.map(({ name }) => name))
      .to.include('cw_sequences_join_3x2_noop_r4')
      .and.include('cw_with_items_4_noop_r4')
  })

  it('hand their inputs to actions and sub-workflows, and ask for none they do not use', () => {
    for (const definition of buildWorkflow('complex')) {
      const { input, tasks } = readDsl(definition)
      expect(input).to.deep.equal(Object.keys(effectsInput(definition, 'http://127.0.0.1:1/effects', 'id')))
      for (const task of Object.values(tasks))
        expect(JSON.stringify(task.input)).to.contain('$.effects').and.contain('$.root')
    }
    const [noop] = buildWorkflow('join', { action: 'noop' })
    expect(effectsInput(noop!, 'http://127.0.0.1:1/effects', 'id')).to.deep.equal({})
    expect(readDsl(noop!).input).to.equal(undefined)
  })

  it('take their defaults within their minima', () => {
    for (const { name, parameters } of workflowKinds) {
      for (const parameter of Object.values({ ...parameters, ...commonParameters })) {
        expect(parameter.default, name).to.be.at.least(parameter.min)
      }
      expect(buildWorkflow(name).at(-1)?.name).to.match(/^cw_[a-z_]+_\d+(x\d+)*_effect_r4$/)
    }
  })

  it('refuse what they do not have, naming the nearest', () => {
    expect(refusal('jion', {})).to.contain('unknown workflow "jion"; nearest: join')
    expect(refusal('join', { taks: 3 })).to.contain('unknown parameter of join "taks"; nearest: tasks')
    expect(refusal('join', { items: 3 })).to.contain('unknown parameter of join "items"')
    expect(refusal('join', { action: 'efect' })).to.contain('unknown action "efect"; nearest: effect')
    expect(refusal('join', { tasks: 0 })).to.contain('tasks of join is a whole number from 1, not 0')
    expect(refusal('join', { tasks: 1.5 })).to.contain('not 1.5')
    expect(refusal('join', { tasks: '3' })).to.contain('not "3"')
    expect(refusal('join', { retries: -1 })).to.contain('retries of join is a whole number from 0')
    expect(refusal('join', { seconds: 2 })).to.contain('seconds is for the action sleep, not effect')
  })
})
