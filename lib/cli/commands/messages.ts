import type { Command } from 'commander'
import picomatch from 'picomatch'
import type { Entry } from '../../ledger/entries.ts'
import { readJournal } from '../../ledger/journal.ts'
import { fatesIn, listed, type Listed } from '../../ledger/messages/listing.ts'
import { Traffic, type Message } from '../../ledger/messages/traffic.ts'
import { plural } from '../../report/text.ts'
import { UsageError } from '../../util/errors.ts'
import { unknownWord } from '../../util/nearest.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { followJournal } from '../follow-journal.ts'
import { journalOf, newestJournal } from '../journals.ts'
import { messageLine } from '../message-lines.ts'
import { terminalOf } from '../terminal.ts'

interface MessagesFlags extends ClusterChoice {
  follow: boolean
  link?: string
  call?: string
  execution?: string
  json: boolean
}

/** A message that nobody has taken for so long is shown as it is. */
const WAITING_MS = 2000

export function addMessages(root: Command): void {
  const command = root
    .command('messages')
    .description('RPC messages with their fates: those of a run, or of the running cluster as they pass')
    .argument('[run]', "a run's folder or name; default: the running cluster's, else the newest")
    .option('--follow', 'and those that pass from now on, until Ctrl-C', false)
    .option('--link <glob>', "only those on such a link: 'executor-*.rabbitmq'")
    .option('--call <method>', 'only those of a method: run_action')
    .option(
      '--execution <id>',
      'only those that name an execution, a task or an action; the beginning of an id is enough',
    )
    .option('--json', 'one JSON object a line', false)
  withClusterChoice(command)
    .addHelpText(
      'after',
      "\nA fate is the ledger's where a promise was judged, else how far the message was seen on the wire.\n" +
        "\nExamples:\n  npm run crosswind -- messages --call run_action\n  npm run crosswind -- messages --follow --link 'executor-*.rabbitmq'",
    )
    .action(messages)
}

async function messages(run: string | undefined, flags: MessagesFlags): Promise<void> {
  if (run !== undefined && flags.follow)
    throw new UsageError('--follow is for the running cluster: leave the run out')
  const journal = run === undefined ? newestJournal(flags.cluster) : journalOf(run)
  const listing = new Listing(flags)
  const { entries, broken } = flags.follow ? { entries: [], broken: undefined } : await readJournal(journal)
  for (const entry of entries) listing.see(entry)
  const shown = flags.follow ? await follow(journal, listing) : listing.all(entries)
  if (!flags.json && !flags.follow) process.stderr.write(`${plural(shown, 'message')} of ${journal}\n`)
  // A journal that is still being written ends with a line that is not whole.
  if (broken !== undefined && !broken.includes('torn'))
    process.stderr.write(`${journal} is broken at ${broken}\n`)
}

/** Shows a message when it was taken, or when it has waited for long. */
async function follow(journal: string, listing: Listing): Promise<number> {
  const waiting = new Map<string, { message: Message; since: number }>()
  let shown = 0
  const show = (message: Message): void => {
    waiting.delete(message.call.identity)
    shown += listing.show(message)
  }
  await followJournal(journal, {
    onEntry: (entry, now) => {
      for (const message of listing.see(entry)) {
        const taken = message.deliveries.some(({ answer, noAck }) => answer !== undefined || noAck)
        if (entry.kind === 'message.published' && !taken)
          waiting.set(message.call.identity, { message, since: now })
        else if (taken || entry.kind === 'message.returned') show(message)
      }
    },
    onIdle: (now) => {
      for (const { message, since } of waiting.values()) if (now - since > WAITING_MS) show(message)
    },
  })
  return shown
}

/** The messages of a journal, as the flags choose them. */
class Listing {
  readonly #flags: MessagesFlags
  readonly #traffic = new Traffic(() => true)
  readonly #sizes = new Map<string, number>()
  /** Executions of actions, which most messages do not name. */
  readonly #executions = new Map<string, string>()
  readonly #matchesLink: (link: string) => boolean

  constructor(flags: MessagesFlags) {
    this.#flags = flags
    this.#matchesLink = flags.link === undefined ? () => true : picomatch(flags.link)
  }

  /** @returns The messages that it is about. */
  see(entry: Entry): Message[] {
    if (entry.kind === 'message.published' && entry.call) {
      const { identity, action, workflow } = entry.call
      this.#sizes.set(identity, entry.size)
      if (action !== undefined && workflow !== undefined) this.#executions.set(action, workflow)
    }
    return this.#traffic.see(entry)
  }

  /** Shows every message that is chosen, in order, with its fate. */
  all(entries: readonly Entry[]): number {
    this.#checkCall()
    const fates = fatesIn(entries)
    let shown = 0
    for (const message of this.#traffic.messages.values())
      shown += this.show(message, (identity) => fates.get(identity))
    return shown
  }

  show(
    message: Message,
    fateOf: (identity: string) => Parameters<typeof listed>[2] = () => undefined,
  ): number {
    const { identity } = message.call
    const line = listed(message, this.#traffic.callOf(message), fateOf(identity), this.#sizes.get(identity))
    if (!this.#chosen(message, line)) return 0
    const { json } = this.#flags
    process.stdout.write(`${json ? JSON.stringify(line) : messageLine(line, terminalOf(process.stdout))}\n`)
    return 1
  }

  /** @throws {UsageError} naming the nearest if no message is of the method that was asked for. */
  #checkCall(): void {
    const { call } = this.#flags
    const seen = new Set([...this.#traffic.messages.values()].map(({ call: { method } }) => method))
    if (call !== undefined && !seen.has(call))
      throw unknownWord(
        'method',
        call,
        [...seen].filter((method) => method !== ''),
      )
  }

  #chosen({ sends, deliveries }: Message, { call }: Listed): boolean {
    const { call: method, execution } = this.#flags
    if (method !== undefined && call.method !== method) return false
    if (![...sends, ...deliveries].some(({ link }) => this.#matchesLink(link))) return false
    if (execution === undefined) return true
    const actions = [call.action, ...(call.actions ?? [])].filter((id) => id !== undefined)
    const owners = actions.map((id) => this.#executions.get(id))
    return [call.workflow, call.task, ...actions, ...owners].some((id) => id?.startsWith(execution))
  }
}
