import { InvalidArgumentError, Option, type Command } from 'commander'
import { kindOfValue } from '../../proxy/attributes.ts'
import { plural } from '../../report/text.ts'
import type { Stream } from '../../toxic.ts'
import { toxics } from '../../../toxics/index.ts'
import { addEverywhere, checkLease, linksByHand, removeEverywhere, toxicRequests } from '../by-hand.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { durationOption, passedTime } from '../durations.ts'
import { leaseText, toxicText } from '../ps-text.ts'
import { surveyLink } from '../survey.ts'
import { tableLines } from '../table.ts'

interface AddFlags extends ClusterChoice {
  for?: number
  stream?: Stream
  toxicity: number
}

const LINK = "a link's name, or a glob in quotes: engine-1.rabbitmq, 'executor-*.rabbitmq', '*'"

export function addToxic(root: Command): void {
  const toxic = root.command('toxic').description('adds, lists and removes toxics: faults on links, by hand')
  const add = toxic
    .command('add')
    .description('adds a toxic to every link that matches, on both streams unless told')
    .argument('<link>', LINK)
    .argument('<type>', toxics.map(({ type }) => type).join(', '))
    .argument('[attributes...]', 'key=value, see below')
    .option('--for <duration>', 'it ends by itself after 500ms, 10s, 2m', durationOption)
    .addOption(new Option('--stream <stream>', 'one direction only').choices(['upstream', 'downstream']))
    .option('--toxicity <share>', 'of the connections that it acts on, 0 to 1', share, 1)
  withClusterChoice(add)
    .addHelpText('after', () => `\n${typesText()}\n\n${ADD_EXAMPLE}`)
    .action(addCommand)
  withClusterChoice(
    toxic
      .command('list')
      .description('the faults of every link, or of those that match')
      .argument('[link]', LINK)
      .option('--json', 'as JSON', false),
  )
    .addHelpText('after', "\nExample:\n  npm run crosswind -- toxic list 'engine-*.*'")
    .action(listCommand)
  withClusterChoice(
    toxic
      .command('remove')
      .description('removes the toxics of every link that matches')
      .argument('<link>', LINK)
      .argument('[name]', 'only those of this name or type'),
  )
    .addHelpText('after', "\nExample:\n  npm run crosswind -- toxic remove '*' latency")
    .action(removeCommand)
}

const ADD_EXAMPLE =
  "Example:\n  npm run crosswind -- toxic add 'executor-*.rabbitmq' latency latency=500 jitter=100 --for 20s"

function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

/** The types with their attributes, from their own definitions. */
function typesText(): string {
  const rows = toxics.map(({ type, attributes, about }) => [
    type,
    Object.entries(attributes)
      .map(([name, attribute]) => {
        const { default: usual } = attribute
        return `${name} (${kindOfValue(attribute)}${usual === undefined ? '' : `, ${usual}`})`
      })
      .join(' '),
    about,
  ])
  return ['Types:', ...tableLines(rows, 2)].join('\n')
}

async function addCommand(link: string, type: string, attributes: string[], flags: AddFlags): Promise<void> {
  const { cluster, stream, toxicity, for: forMs } = flags
  const links = await linksByHand(link, cluster)
  checkLease(links, forMs)
  const words = { type, attributes, toxicity, ...(stream && { stream }), ...(forMs && { forMs }) }
  const requests = toxicRequests(words, !links.fronted)
  await addEverywhere(links, requests)
  const names = requests.map(({ name }) => name).join(', ')
  const length = forMs === undefined ? 'until it is removed' : `for ${passedTime(forMs)}`
  say(`${names} ${length} on ${[...links.proxies.keys()].join(', ')}`)
}

async function listCommand(
  link: string | undefined,
  flags: ClusterChoice & { json: boolean },
): Promise<void> {
  const { proxies } = await linksByHand(link, flags.cluster)
  const surveys = [...proxies.values()]
    .map((proxy) => surveyLink(proxy.name, proxy.listen, proxy))
    .toSorted((a, b) => a.name.localeCompare(b.name))
  if (flags.json) return say(JSON.stringify(surveys))
  const rows = surveys.flatMap(({ name, state, remainingMs, toxics: there }) => [
    ...(state === 'down' ? [[name, '-', `down${leaseText(remainingMs)}`]] : []),
    ...there.map((toxic) => [name, toxic.name, toxicText(toxic)]),
  ])
  if (rows.length === 0) return say(`no fault on ${plural(surveys.length, 'link')}`)
  say(tableLines([['LINK', 'TOXIC', 'FAULT'], ...rows]).join('\n'))
}

async function removeCommand(
  link: string,
  name: string | undefined,
  { cluster }: ClusterChoice,
): Promise<void> {
  const links = await linksByHand(link, cluster)
  const count = await removeEverywhere(links, name)
  say(`${plural(count, 'toxic')} removed from ${[...links.proxies.keys()].join(', ')}`)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
