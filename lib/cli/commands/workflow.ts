import { Option, type Command } from 'commander'
import {
  buildWorkflow,
  commonParameters,
  workflowActions,
  workflowKinds,
  type WorkflowOptions,
} from '../../mistral/workflows/index.ts'
import { UsageError } from '../../util/errors.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { runWorkflow } from '../follow.ts'
import { wholeNumber } from '../options.ts'
import { tableLines } from '../table.ts'

interface WorkflowFlags extends ClusterChoice, WorkflowOptions {
  run: boolean
  times?: number
  json: boolean
}

export function addWorkflow(root: Command): void {
  const command = root
    .command('workflow')
    .description(
      "prints a reference workflow's YAML, or starts it and follows it; without a name, lists them",
    )
    .argument('[name]', workflowKinds.map(({ name }) => name).join(', '))
  for (const [name, about] of parameterNames()) command.option(`--${name} <n>`, about, number)
  command
    .addOption(
      new Option('--action <action>', 'what the tasks run (default: effect)').choices(workflowActions),
    )
    .option('--run', 'starts it on the running cluster and follows it', false)
    .option('--times <n>', 'with --run: so many executions', wholeNumber(1))
    .option('--json', 'with --run: how each execution ended, as JSON', false)
  withClusterChoice(command)
    .addHelpText(
      'after',
      `\nWorkflows:\n${listText()}\n\nExample:\n  npm run crosswind -- workflow join --tasks 20 --run`,
    )
    .action(workflow)
}

async function workflow(name: string | undefined, flags: WorkflowFlags): Promise<void> {
  if (name === undefined) {
    process.stdout.write(`${listText()}\n`)
    return
  }
  const { run, times, json, cluster, ...options } = flags
  const definitions = buildWorkflow(name, options)
  if (!run) {
    if (times !== undefined || json) throw new UsageError('--times and --json are for --run')
    process.stdout.write(definitions.map(({ yaml }) => yaml).join('---\n'))
    return
  }
  process.exitCode = await runWorkflow(definitions, times ?? 1, cluster, json)
}

const number = wholeNumber(0)

/** Every parameter of any workflow, each with what it is about. */
function parameterNames(): Map<string, string> {
  const all = [...workflowKinds.map(({ parameters }) => parameters), commonParameters]
  const named = all.flatMap((parameters) => Object.entries(parameters))
  const grouped = Map.groupBy(named, ([name]) => name)
  return new Map([...grouped].map(([name, uses]) => [name, uses[0]?.[1].about ?? '']))
}

function listText(): string {
  const rows = workflowKinds.map(({ name, parameters, about }) => [
    name,
    Object.entries(parameters)
      .map(([parameter, { default: usual }]) => `--${parameter} ${usual}`)
      .join(' '),
    about,
  ])
  const common = Object.entries(commonParameters)
    .map(([name, { default: usual }]) => `--${name} ${usual}`)
    .join(' ')
  return [...tableLines(rows, 2), `  All of them: --action effect ${common}`].join('\n')
}
