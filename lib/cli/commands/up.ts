import type { Command } from 'commander'
import { listClusters } from '../../cluster/state.ts'
import { stepLine, type Terminal } from '../../report/console.ts'
import { plural } from '../../report/text.ts'
import { monotonicMs } from '../../util/clock.ts'
import { UsageError } from '../../util/errors.ts'
import { callName, findClusters, type FoundCluster } from '../clusters.ts'
import { forgetEnded } from '../keeper/ended.ts'
import { startKeeper } from '../keeper/spawn.ts'
import { listenForInterrupts } from '../interrupts.ts'
import { newSeed, sizesOf, withClusterFlags, type ClusterFlags } from '../options.ts'
import { commandLine } from '../replay.ts'
import { layRun, makeRoom } from '../runs.ts'
import { terminalOf } from '../terminal.ts'
import { factsLines, upFacts } from '../up-text.ts'

interface UpFlags extends ClusterFlags {
  name: string
  json: boolean
}

export function addUp(root: Command): void {
  const command = root
    .command('up')
    .description('starts a cluster to play with; a process in the background keeps it until `crosswind down`')
  withClusterFlags(command)
    .option('--name <name>', 'what the cluster is called', 'main')
    .option('--json', 'what there is as JSON on standard output, progress on standard error', false)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- up --engines 1 --executors 2')
    .action(up)
}

async function up(flags: UpFlags): Promise<void> {
  checkName(flags.name)
  const stream = flags.json ? process.stderr : process.stdout
  const terminal = terminalOf(stream)
  const say = (line: string) => void stream.write(`${line}\n`)
  refuseTaken(flags.name)
  const laid = layRun()
  for (const note of await makeRoom(laid)) say(`note: ${note}`)
  const begun = monotonicMs()
  const id = await boot(flags, laid, say, terminal)
  if (id === undefined) {
    process.exitCode = 130
    return
  }
  say(stepLine({ what: 'every node answers', ms: monotonicMs() - begun }, terminal))
  const state = listClusters().find((found) => found.state.id === id)?.state
  if (state === undefined) throw new UsageError(`${id} has been taken down again`)
  const facts = upFacts(state, laid.shown)
  if (flags.json) process.stdout.write(`${JSON.stringify(facts)}\n`)
  else for (const line of factsLines(facts, terminal, clusterWord(id))) say(line)
}

/** What further commands must say where several clusters run. */
function clusterWord(id: string): string {
  const kept = findClusters().filter((cluster: FoundCluster) => cluster.kept)
  const own = kept.find(({ state }) => state.id === id)
  return own === undefined || kept.length < 2 ? '' : ` --cluster ${callName(own, kept)}`
}

/** @returns undefined if it was interrupted. */
async function boot(
  flags: UpFlags,
  { run, folder }: ReturnType<typeof layRun>,
  say: (line: string) => void,
  terminal: Terminal,
): Promise<string | undefined> {
  const { name, rpc, mistralPython, toxiproxy } = flags
  const seed = flags.seed ?? newSeed()
  const sizes = sizesOf(flags)
  say(
    `Crosswind: ${name}, seed ${seed}: ${sizes.api} api, ${plural(sizes.engine, 'engine')}, ${plural(sizes.executor, 'executor')}, rpc ${rpc}`,
  )
  forgetEnded(name)
  const plan = {
    name,
    sizes,
    rpc,
    seed,
    python: mistralPython,
    run,
    folder,
    replay: commandLine('npm run crosswind --', 2, flags.seed === undefined ? ['--seed', seed] : []),
    ...(toxiproxy === undefined ? {} : { toxiproxyUrl: toxiproxy.replace(/\/$/, '') }),
  }
  const keeper = startKeeper(plan, (what, ms) => say(stepLine({ what, ms }, terminal)))
  using interrupts = listenForInterrupts(() => keeper.interrupt(), say)
  const interrupt = () => keeper.interrupt()
  interrupts.signal.addEventListener('abort', interrupt)
  try {
    return await keeper.up
  } catch (error) {
    if (interrupts.interrupted) return undefined
    throw error
  } finally {
    // From here on the cluster is its keeper's: that somebody no longer reads what we print ends nothing.
    interrupts.signal.removeEventListener('abort', interrupt)
  }
}

/** It becomes part of a folder's and of processes' names. */
function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/i.test(name))
    throw new UsageError(`a cluster's name has letters, digits and hyphens, at most 31, not "${name}"`)
}

function refuseTaken(name: string): void {
  const taken = findClusters().find(({ state, alive }) => alive && (state.name === name || state.id === name))
  if (taken !== undefined)
    throw new UsageError(
      `a cluster named ${name} runs already (${taken.state.id}): choose another --name, or end it: ` +
        `npm run crosswind -- down --cluster ${name}`,
    )
}
