import { Option, type Command } from 'commander'
import { plural } from '../../report/text.ts'
import { pathOfProxy, type ProxyView } from '../../scenario/toxiproxy.ts'
import { chooseServer, linksByHand } from '../by-hand.ts'
import { readJsonFile } from '../json-file.ts'
import { proxyLines } from '../proxy-text.ts'
import { proxyCommand, say, type ProxyFlags } from './proxy-command.ts'

interface CreateFlags extends ProxyFlags {
  listen?: string
  disabled: boolean
  onUpstreamError?: string
}

/** What changes which proxies a server has. */
export function addProxies(proxy: Command): void {
  proxyCommand(proxy, 'create', 'makes a proxy and says where it listens')
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
  proxyCommand(proxy, 'delete', 'deletes every proxy that matches, with its connections')
    .argument('<name>', "a proxy's name, or a glob in quotes")
    .action(remove)
  proxyCommand(
    proxy,
    'populate',
    'makes the proxies of a file, and changes those that are there already to it',
  )
    .argument('<file>', "Toxiproxy's configuration: a JSON list of proxies; ours may have toxics")
    .action(populate)
  proxyCommand(proxy, 'reset', 'removes every toxic and enables every proxy').action(reset)
}

async function create(name: string, upstream: string, flags: CreateFlags): Promise<void> {
  const { api } = await chooseServer(flags)
  // A real Toxiproxy listens on nothing of use without an address.
  const { listen = '127.0.0.1:0', disabled, onUpstreamError } = flags
  const body = { name, upstream, listen, enabled: !disabled, on_upstream_error: onUpstreamError }
  tell([await api.ask<ProxyView>('POST', '/proxies', body)], flags)
}

async function remove(pattern: string, flags: ProxyFlags): Promise<void> {
  const { api, proxies } = await linksByHand(pattern, flags)
  for (const name of proxies.keys()) await api.ask('DELETE', pathOfProxy(name))
  if (flags.json) return tell([...proxies.values()], flags)
  say(`deleted: ${[...proxies.keys()].join(', ')}`)
}

async function populate(file: string, flags: ProxyFlags): Promise<void> {
  const list = readJsonFile(file)
  const { api } = await chooseServer(flags)
  const { proxies } = await api.ask<{ proxies: ProxyView[] }>('POST', '/populate', list)
  tell(proxies, flags)
}

async function reset(flags: ProxyFlags): Promise<void> {
  const { api } = await chooseServer(flags)
  await api.ask('POST', '/reset')
  const proxies = Object.values(await api.proxies())
  if (flags.json) return tell(proxies, flags)
  say(`${plural(proxies.length, 'proxy', 'proxies')} enabled, without a toxic`)
}

function tell(proxies: readonly ProxyView[], { json }: ProxyFlags): void {
  if (json) return say(JSON.stringify(proxies))
  say(proxyLines(proxies).join('\n'))
}
