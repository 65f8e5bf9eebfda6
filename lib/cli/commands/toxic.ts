import { randomBytes } from 'node:crypto'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { kindOfValue } from '../../proxy/attributes.ts'
import { plural } from '../../report/text.ts'
import { COMMON_ATTRIBUTES } from '../../toxic/common.ts'
import type { Stream } from '../../toxic.ts'
import { UsageError } from '../../util/errors.ts'
import { toxics } from '../../../toxics/index.ts'
import {
  addEverywhere,
  checkCarries,
  checkLease,
  linksByHand,
  proxiesNow,
  removeEverywhere,
  toxicRequests,
  updateEverywhere,
  type LinksByHand,
} from '../by-hand.ts'
import { withServerChoice, type ServerChoice } from '../clusters.ts'
import { durationOption, newDurationOption, passedTime } from '../durations.ts'
import { leaseText, toxicText } from '../ps-text.ts'
import { surveyLink } from '../survey.ts'
import { tableLines } from '../table.ts'

interface ToxicFlags extends ServerChoice {
  json: boolean
}

interface AddFlags extends ToxicFlags {
  for?: number
  stream?: Stream
  toxicity: number
}

interface UpdateFlags extends ToxicFlags {
  for?: number
  toxicity?: number
}

const LINK = "a link's or proxy's name, or a glob in quotes: engine-1.rabbitmq, 'executor-*.rabbitmq', '*'"

export function addToxic(root: Command): void {
  const toxic = root
    .command('toxic')
    .description('adds, updates, lists and removes toxics: faults on links or proxies, by hand')
  const add = toxic
    .command('add')
    .description(
      'adds a toxic to every link that matches, on both streams unless told; one on messages on the stream that it usually strikes',
    )
    .argument('<link>', LINK)
    .argument('<type>', toxics.map(({ type }) => type).join(', '))
    .argument('[attributes...]', 'key=value, see below')
    .option('--for <duration>', 'it ends by itself after 500ms, 10s, 2m', durationOption)
    .addOption(new Option('--stream <stream>', 'one direction only').choices(['upstream', 'downstream']))
    .option('--toxicity <share>', 'of the connections that it acts on, 0 to 1', share, 1)
    .option(...JSON_OPTION)
  withServerChoice(add)
    .addHelpText('after', () => `\n${typesText()}\n\n${ADD_EXAMPLE}`)
    .action(addCommand)
  const update = toxic
    .command('update')
    .description('changes the toxics of every link that matches; what is not named stays as it is')
    .argument('<link>', LINK)
    .argument('<name>', 'those of this name or type')
    .argument('[attributes...]', 'key=value')
    .option(
      '--for <duration>',
      'from now on, it ends by itself after 500ms, 10s, 2m; ever: no more',
      newDurationOption,
    )
    .option('--toxicity <share>', 'of the connections that it acts on, 0 to 1', share)
    .option(...JSON_OPTION)
  withServerChoice(update)
    .addHelpText('after', "\nExample:\n  npm run crosswind -- toxic update 'engine-*.*' latency latency=900")
    .action(updateCommand)
  withServerChoice(
    toxic
      .command('list')
      .description('the faults of every link, or of those that match')
      .argument('[link]', LINK)
      .option('--json', 'as JSON', false),
  )
    .addHelpText('after', "\nExample:\n  npm run crosswind -- toxic list 'engine-*.*'")
    .action(listCommand)
  withServerChoice(
    toxic
      .command('remove')
      .description('removes the toxics of every link that matches')
      .argument('<link>', LINK)
      .argument('[name]', 'only those of this name or type')
      .option(...JSON_OPTION),
  )
    .addHelpText('after', "\nExample:\n  npm run crosswind -- toxic remove '*' latency")
    .action(removeCommand)
}

const JSON_OPTION = ['--json', 'the links as they are then, as JSON', false] as const

const ADD_EXAMPLE = [
  'Examples:',
  "  npm run crosswind -- toxic add 'executor-*.rabbitmq' latency latency=500 jitter=100 --for 20s",
  "  npm run crosswind -- toxic add 'executor-*.rabbitmq' amqp_drop call=run_action nth=2",
  "  npm run crosswind -- toxic add 'engine-*.postgres' pg_error query=^COMMIT sqlstate=40001",
].join('\n')

function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

/** The types with their attributes, from their own definitions. */
function typesText(): string {
  const rows = toxics.map(({ type, attributes, about, strikes }) => [
    type,
    Object.entries(attributes)
      .filter(([name]) => !strikes || !(name in COMMON_ATTRIBUTES[strikes.protocol]))
      .map(([name, attribute]) => {
        const { default: usual } = attribute
        return `${name} (${kindOfValue(attribute)}${usual === undefined ? '' : `, ${usual}`})`
      })
      .join(' '),
    about,
  ])
  const common = Object.entries(COMMON_ATTRIBUTES).map(
    ([protocol, attributes]) => `  ${protocol}: ${Object.keys(attributes).join(', ')}`,
  )
  const lines = [
    'Types:',
    ...tableLines(rows, 2),
    '',
    'Those on messages also have, to choose them:',
    ...common,
  ]
  return lines.join('\n')
}

async function addCommand(link: string, type: string, attributes: string[], flags: AddFlags): Promise<void> {
  const { stream, toxicity, for: forMs } = flags
  const links = await linksByHand(link, flags)
  checkCarries(links, type)
  checkLease(links, forMs)
  const group = newGroup(type, attributes, links)
  const grouped = group === undefined ? attributes : [...attributes, `group=${group}`]
  const words = { type, attributes: grouped, toxicity, ...(stream && { stream }), ...(forMs && { forMs }) }
  const requests = toxicRequests(words, links.checked)
  await addEverywhere(links, requests)
  const names = requests.map(({ name }) => name).join(', ')
  const length = forMs === undefined ? 'until it is removed' : `for ${passedTime(forMs)}`
  const together = group === undefined ? '' : `, counting together as group ${group}`
  await tell(links, flags, `${names} ${length} on ${[...links.proxies.keys()].join(', ')}${together}`)
}

/** Toxics on messages that are set on several links at once strike one message among all of them, unless told. */
function newGroup(type: string, attributes: readonly string[], { proxies }: LinksByHand): string | undefined {
  const counts = toxics.find((known) => known.type === type)?.strikes !== undefined
  const told = attributes.some((word) => word.startsWith('group='))
  return counts && !told && proxies.size > 1 ? randomBytes(3).toString('hex') : undefined
}

async function updateCommand(
  link: string,
  name: string,
  attributes: string[],
  flags: UpdateFlags,
): Promise<void> {
  const { toxicity, for: forMs } = flags
  if (attributes.length === 0 && toxicity === undefined && forMs === undefined)
    throw new UsageError('say what is to be changed: key=value, --toxicity or --for')
  const links = await linksByHand(link, flags)
  checkLease(links, forMs)
  const updated = await updateEverywhere(links, name, { attributes, toxicity, forMs })
  await tell(links, flags, `updated: ${updated.join(', ')}`)
}

async function listCommand(link: string | undefined, flags: ToxicFlags): Promise<void> {
  const { proxies } = await linksByHand(link, flags)
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

async function removeCommand(link: string, name: string | undefined, flags: ToxicFlags): Promise<void> {
  const links = await linksByHand(link, flags)
  const count = await removeEverywhere(links, name)
  await tell(links, flags, `${plural(count, 'toxic')} removed from ${[...links.proxies.keys()].join(', ')}`)
}

const tell = async (links: LinksByHand, { json }: ToxicFlags, text: string): Promise<void> =>
  say(json ? JSON.stringify(await proxiesNow(links)) : text)

const say = (line: string): void => void process.stdout.write(`${line}\n`)
