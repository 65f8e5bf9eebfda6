import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { plural } from '../../report/text.ts'
import type { ProxyView } from '../../scenario/toxiproxy.ts'
import { messageOf, UsageError } from '../../util/errors.ts'
import { chooseServer, linksByHand } from '../by-hand.ts'
import { withServerChoice, type ServerChoice } from '../clusters.ts'
import { proxyLines } from '../proxy-text.ts'

interface Flags extends ServerChoice {
  json: boolean
}

interface CreateFlags extends Flags {
  listen?: string
  disabled: boolean
  onUpstreamError?: string
}

/** What changes which proxies a server has. */
export function addProxies(proxy: Command): void {
  command(proxy, 'create', 'makes a proxy and says where it listens')
    .argument('<name>')
    .argument('<upstream>', 'HOST:PORT, or unix:/PATH at a server of ours')
    .option('--listen <address>', 'HOST:PORT (default: a free port of loopback)')
    .option('--disabled', 'it refuses connections until it is enabled', false)
    .addOption(
      new Option(
        '--on-upstream-error <what>',
        'what a client sees while the upstream is down, at a server of ours (default: reset)',
      ).choices(['accept', 'reset', 'refuse']),
    )
    .action(create)
  command(proxy, 'delete', 'deletes every proxy that matches, with its connections')
    .argument('<name>', "a proxy's name, or a glob in quotes")
    .action(remove)
  command(proxy, 'populate', 'makes the proxies of a file, and changes those that are there already to it')
    .argument('<file>', "Toxiproxy's configuration: a JSON list of proxies; ours may have toxics")
    .action(populate)
  command(proxy, 'reset', 'removes every toxic and enables every proxy').action(reset)
}

const command = (proxy: Command, name: string, about: string): Command =>
  withServerChoice(proxy.command(name).description(about).option('--json', 'the proxies as JSON', false))

async function create(name: string, upstream: string, flags: CreateFlags): Promise<void> {
  const { api } = await chooseServer(flags)
  // A real Toxiproxy listens on nothing of use without an address.
  const { listen = '127.0.0.1:0', disabled, onUpstreamError } = flags
  const body = { name, upstream, listen, enabled: !disabled, on_upstream_error: onUpstreamError }
  tell([await api.ask<ProxyView>('POST', '/proxies', body)], flags)
}

async function remove(pattern: string, flags: Flags): Promise<void> {
  const { api, proxies } = await linksByHand(pattern, flags)
  for (const name of proxies.keys()) await api.ask('DELETE', `/proxies/${encodeURIComponent(name)}`)
  if (flags.json) return tell([...proxies.values()], flags)
  say(`deleted: ${[...proxies.keys()].join(', ')}`)
}

async function populate(file: string, flags: Flags): Promise<void> {
  const { api } = await chooseServer(flags)
  const { proxies } = await api.ask<{ proxies: ProxyView[] }>('POST', '/populate', listIn(file))
  tell(proxies, flags)
}

function listIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON: ${messageOf(error)}`)
  }
}

async function reset(flags: Flags): Promise<void> {
  const { api } = await chooseServer(flags)
  await api.ask('POST', '/reset')
  const proxies = Object.values(await api.proxies())
  if (flags.json) return tell(proxies, flags)
  say(`${plural(proxies.length, 'proxy', 'proxies')} enabled, without a toxic`)
}

function tell(proxies: readonly ProxyView[], { json }: Flags): void {
  if (json) return say(JSON.stringify(proxies))
  say(proxyLines(proxies).join('\n'))
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
