import type { Command } from 'commander'
import { readJournal } from '../../ledger/journal.ts'
import type { Message } from '../../ledger/messages/traffic.ts'
import { plural } from '../../report/text.ts'
import { UsageError } from '../../util/errors.ts'
import { withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { followJournal } from '../follow-journal.ts'
import { journalOf, newestJournal } from '../journals.ts'
import { MessageListing, type Choice } from '../message-listing.ts'

interface MessagesFlags extends ClusterChoice, Choice {
  follow: boolean
}

/** A message that nobody has taken for so long is shown as it is. */
const WAITING_MS = 2000

/** Of a cluster that may run for days so many messages are kept in memory, the last ones. */
const MOST_FOLLOWED = 10_000

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
  const listing = new MessageListing(flags, flags.follow ? MOST_FOLLOWED : Infinity)
  const { entries, broken } = flags.follow ? { entries: [], broken: undefined } : await readJournal(journal)
  for (const entry of entries) listing.see(entry)
  const shown = flags.follow ? await follow(journal, listing) : listing.all(entries)
  if (!flags.json && !flags.follow) process.stderr.write(`${plural(shown, 'message')} of ${journal}\n`)
  // A journal that is still being written ends with a line that is not whole.
  if (broken !== undefined && !broken.includes('torn'))
    process.stderr.write(`${journal} is broken at ${broken}\n`)
}

/** Shows a message when it was taken, or when it has waited for long. */
async function follow(journal: string, listing: MessageListing): Promise<number> {
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
