import type { Command } from 'commander'
import { unknownWord } from '../../util/nearest.ts'
import { wholeNumber } from '../options.ts'
import { serve, type ServeFlags } from '../serve.ts'
import { addProxies } from './proxies.ts'
import { addProxyViews } from './proxy-views.ts'

const EXAMPLES = `
Examples:
  npm run crosswind -- proxy --config proxies.json
  npm run crosswind -- proxy create redis 127.0.0.1:6379 --listen 127.0.0.1:26379 --url http://127.0.0.1:8474`

/** A server of its own; its proxies, and any other server's, are changed and shown by the words behind it. */
export function addProxy(root: Command): void {
  const proxy = root
    .command('proxy')
    .description("a proxy server of its own that speaks Toxiproxy's API; and the proxies of any such server")
    .option('--host <address>', 'where its API listens', '127.0.0.1')
    .option('--port <n>', "0: one of the system's choice", wholeNumber(0, 65535), 8474)
    .option('--config <file>', "Toxiproxy's configuration: a JSON list of proxies; ours may have toxics")
    .option(
      '--follow-messages',
      'follows the messages of every connection to RabbitMQ and PostgreSQL from its beginning, so that toxics can act on ' +
        'messages of those that are open; without it, of those that come after the toxic',
      false,
    )
    .option('--metrics', 'serves GET /metrics in Prometheus text', false)
    .option('--seed <text>', 'decides every random choice (default: one is made and printed)')
    .option('--token <text>', 'asked of every client; made and printed where --host is beyond this machine')
    .option('--no-token', 'asks nobody for one, wherever it listens')
    .option(
      '--toxic <file>',
      'a toxic of your own, as often as you like: see toxics/README.md',
      (file: string, files: string[]) => [...files, file],
      [],
    )
    .option('--json', 'prints where it listens as JSON', false)
    .addHelpText('after', EXAMPLES)
    .action(serveAlone)
  addProxies(proxy)
  addProxyViews(proxy)
  // Of the options behind a mistyped word commander would complain first. What is set sooner is inherited.
  proxy.allowExcessArguments().allowUnknownOption()
}

/** @throws {UsageError} if there is a word too many, naming the nearest that there is. */
async function serveAlone(flags: ServeFlags, { args, commands, options }: Command): Promise<void> {
  const [stray] = args
  if (stray?.startsWith('-')) {
    const known = options.flatMap(({ long }) => long ?? [])
    throw unknownWord('option', stray, known)
  }
  if (stray !== undefined) {
    const known = commands.map((command) => command.name())
    throw unknownWord('command', stray, known)
  }
  await serve(flags)
}
