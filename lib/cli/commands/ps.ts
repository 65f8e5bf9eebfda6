import type { Command } from 'commander'
import { clustersNamed, findClusters, withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { passedTime } from '../durations.ts'
import { endedClusters, type EndedCluster } from '../keeper/ended.ts'
import { clusterLines } from '../ps-text.ts'
import { surveyCluster } from '../survey.ts'
import { terminalOf } from '../terminal.ts'

interface PsFlags extends ClusterChoice {
  json: boolean
}

export function addPs(root: Command): void {
  withClusterChoice(
    root
      .command('ps')
      .description('every running node and service: whether it answers, its links and their faults')
      .option('--json', 'as JSON, for programs', false),
  )
    .addHelpText('after', '\nExample:\n  npm run crosswind -- ps')
    .action(ps)
}

async function ps({ cluster, json }: PsFlags): Promise<void> {
  const found = findClusters()
  const ended = endedClusters().filter(({ name }) => cluster === undefined || name === cluster)
  const chosen = cluster === undefined ? found : ended.length > 0 ? [] : clustersNamed(cluster, found)
  const surveys = await Promise.all(chosen.map(surveyCluster))
  if (json) {
    process.stdout.write(`${JSON.stringify({ clusters: surveys, ended })}\n`)
    return
  }
  const terminal = terminalOf(process.stdout)
  const blocks = [
    ...surveys.map((survey) => clusterLines(survey, terminal).join('\n')),
    ...ended.map(endedText),
  ]
  if (blocks.length === 0) blocks.push('nothing runs; start a cluster: npm run crosswind -- up')
  process.stdout.write(`${blocks.join('\n\n')}\n`)
}

const endedText = ({ id, at, why, log }: EndedCluster): string =>
  `${id}  ended by itself ${passedTime(Date.now() - Date.parse(at))} ago: ${why}\n  its log: ${log}`
