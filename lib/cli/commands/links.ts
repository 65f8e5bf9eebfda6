import type { Command } from 'commander'
import { checkLease, linksByHand, setEverywhere } from '../by-hand.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { durationOption, passedTime } from '../durations.ts'

const LINK = "a link's name, or a glob in quotes: engine-1.rabbitmq, 'executor-*.rabbitmq', '*'"

/** `disable` and `enable`. */
export function addLinks(root: Command): void {
  const disable = root
    .command('disable')
    .description('cuts every link that matches: connections are closed, new ones refused')
    .argument('<link>', LINK)
    .option('--for <duration>', 'it is enabled again by itself after 500ms, 10s, 2m', durationOption)
  withClusterChoice(disable)
    .addHelpText('after', "\nExample:\n  npm run crosswind -- disable '*.postgres' --for 8s")
    .action(async (link: string, { cluster, for: forMs }: ClusterChoice & { for?: number }) => {
      const links = await linksByHand(link, cluster)
      checkLease(links, forMs)
      await setEverywhere(links, false, forMs)
      say(`down ${forMs === undefined ? 'until enabled' : `for ${passedTime(forMs)}`}: ${namesOf(links)}`)
    })
  const enable = root
    .command('enable')
    .description('lets every link that matches pass again; its toxics stay')
    .argument('<link>', LINK)
  withClusterChoice(enable)
    .addHelpText('after', "\nExample:\n  npm run crosswind -- enable '*'")
    .action(async (link: string, { cluster }: ClusterChoice) => {
      const links = await linksByHand(link, cluster)
      await setEverywhere(links, true, undefined)
      say(`up: ${namesOf(links)}`)
    })
}

const namesOf = ({ proxies }: { proxies: ReadonlyMap<string, unknown> }): string =>
  [...proxies.keys()].join(', ')

const say = (line: string): void => void process.stdout.write(`${line}\n`)
