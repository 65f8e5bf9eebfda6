import type { Command } from 'commander'
import { NODE_KINDS, type NodeKind } from '../../cluster/state.ts'
import { inSeconds, monotonicMs } from '../../util/clock.ts'
import { unknownWord } from '../../util/nearest.ts'
import { chooseLiving, withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { askKeeper, nodePath } from '../keeper/client.ts'

/** What is done to a node, and how its answer reads. */
const DEEDS = {
  stop: { about: 'ends a node in order (SIGTERM), with what it has in hand', done: 'has stopped' },
  kill: { about: 'ends a node at once (SIGKILL to its whole process group)', done: 'was killed' },
  pause: { about: 'freezes a node (SIGSTOP): its connections stay open, nothing answers', done: 'is paused' },
  resume: { about: 'lets a paused node go on (SIGCONT)', done: 'goes on' },
} as const
type Deed = keyof typeof DEEDS

export function addStart(root: Command): void {
  const command = root
    .command('start')
    .description('starts one more node, or one that has ended again')
    .argument('<kind>', NODE_KINDS.join(', '))
    .argument('[name]', 'such as executor-2 (default: the lowest number that is free)')
  withClusterChoice(command)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- start executor')
    .action(start)
}

async function start(kind: string, name: string | undefined, { cluster }: ClusterChoice): Promise<void> {
  if (!NODE_KINDS.includes(kind as NodeKind)) throw unknownWord('kind of node', kind, NODE_KINDS)
  const begun = monotonicMs()
  const answer = await askKeeper(chooseLiving(cluster), '/nodes', {
    kind,
    ...(name === undefined ? {} : { name }),
  })
  const port = answer.port === undefined ? '' : ` at http://127.0.0.1:${answer.port}`
  say(`${answer.node} answers${port}  ${inSeconds(monotonicMs() - begun)}; links: ${answer.links.join(', ')}`)
}

/** `stop`, `kill`, `pause`, `resume`. */
export function addDeeds(root: Command): void {
  for (const [deed, { about }] of Object.entries(DEEDS)) {
    const command = root
      .command(deed)
      .description(about)
      .argument('<name>', "a node's name, such as executor-1")
    withClusterChoice(command)
      .addHelpText('after', `\nExample:\n  npm run crosswind -- ${deed} executor-1`)
      .action((name: string, { cluster }: ClusterChoice) => doTo(deed as Deed, name, cluster))
  }
}

async function doTo(deed: Deed, name: string, cluster: string | undefined): Promise<void> {
  const begun = monotonicMs()
  const { node } = await askKeeper(chooseLiving(cluster), nodePath(name, deed))
  say(`${node} ${DEEDS[deed].done}  ${inSeconds(monotonicMs() - begun)}`)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
