import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { HarnessError, UsageError } from '../util/errors.ts'
import { VERSION } from '../util/version.ts'
import { commands } from './commands/index.ts'

/** Wrong usage and broken harnesses alike: nothing was proven. */
const EXIT_UNKNOWN = 2

function program(): Command {
  const root = new Command('crosswind')
    .description('Breaks the network of a real OpenStack Mistral cluster and proves what happened.')
    .version(VERSION)
    // What stands behind a command is that command's: `proxy` and `proxy list` both have --json.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows the options)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'crosswind: ')) })
    .exitOverride()
  for (const add of commands) add(root)
  for (const command of root.commands) command.exitOverride()
  return root
}

// Who reads us may go (`… | head`): a command that must end something then listens for that itself.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_UNKNOWN
  else if (error instanceof UsageError || error instanceof HarnessError) {
    process.stderr.write(`crosswind: ${error.message}\n`)
    process.exitCode = EXIT_UNKNOWN
  } else {
    // A defect of ours proves nothing either, so it must not look like a broken promise.
    process.stderr.write(`crosswind: ${inspect(error)}\n`)
    process.exitCode = EXIT_UNKNOWN
  }
}
