import type { Command } from 'commander'
import { checkLease, linksByHand, proxiesNow, setEverywhere, type LinksByHand } from '../by-hand.ts'
import { withServerChoice, type ServerChoice } from '../clusters.ts'
import { durationOption, passedTime } from '../durations.ts'

interface LinkFlags extends ServerChoice {
  for?: number
  json: boolean
}

const LINK = "a link's or proxy's name, or a glob in quotes: engine-1.rabbitmq, 'executor-*.rabbitmq', '*'"
const JSON_OPTION = ['--json', 'the links as they are then, as JSON', false] as const

/** `disable` and `enable`. */
export function addLinks(root: Command): void {
  const disable = root
    .command('disable')
    .description('cuts every link that matches: connections are closed, new ones refused')
    .argument('<link>', LINK)
    .option('--for <duration>', 'it is enabled again by itself after 500ms, 10s, 2m', durationOption)
    .option(...JSON_OPTION)
  withServerChoice(disable)
    .addHelpText('after', "\nExample:\n  npm run crosswind -- disable '*.postgres' --for 8s")
    .action(async (link: string, flags: LinkFlags) => {
      const { for: forMs } = flags
      const links = await linksByHand(link, flags)
      checkLease(links, forMs)
      await setEverywhere(links, false, forMs)
      const length = forMs === undefined ? 'until enabled' : `for ${passedTime(forMs)}`
      await tell(links, flags, `down ${length}: ${namesOf(links)}`)
    })
  const enable = root
    .command('enable')
    .description('lets every link that matches pass again; its toxics stay')
    .argument('<link>', LINK)
    .option(...JSON_OPTION)
  withServerChoice(enable)
    .addHelpText('after', "\nExample:\n  npm run crosswind -- enable '*'")
    .action(async (link: string, flags: LinkFlags) => {
      const links = await linksByHand(link, flags)
      await setEverywhere(links, true, undefined)
      await tell(links, flags, `up: ${namesOf(links)}`)
    })
}

const namesOf = ({ proxies }: LinksByHand): string => [...proxies.keys()].join(', ')

const tell = async (links: LinksByHand, { json }: LinkFlags, text: string): Promise<void> =>
  void process.stdout.write(`${json ? JSON.stringify(await proxiesNow(links)) : text}\n`)
