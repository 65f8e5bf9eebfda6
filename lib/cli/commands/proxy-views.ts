import type { Command } from 'commander'
import picomatch from 'picomatch'
import type { ConnectionView } from '../../api/views.ts'
import { plural } from '../../report/text.ts'
import { pathOfProxy, pathOfToxic, type ProxyView, type ToxiproxyApi } from '../../scenario/toxiproxy.ts'
import { UsageError } from '../../util/errors.ts'
import { chooseServer, linksByHand } from '../by-hand.ts'
import { readEvents } from '../follow-events.ts'
import { wholeNumber } from '../options.ts'
import {
  connectionLines,
  eventLine,
  evidenceLines,
  proxyLines,
  type ConnectionOf,
  type ProxyEvidence,
} from '../proxy-text.ts'
import { proxyCommand, say, type ProxyFlags } from './proxy-command.ts'

const GLOB = "a proxy's name, or a glob in quotes"

/** What shows the proxies of a server, and what happens on them. */
export function addProxyViews(proxy: Command): void {
  proxyCommand(proxy, 'list', 'proxies with their faults').argument('[name]', GLOB).action(list)
  proxyCommand(proxy, 'inspect', 'one proxy, and what it and its toxics did')
    .argument('<name>')
    .action(inspect)
  proxyCommand(proxy, 'connections', 'open connections with the toxics that act on them')
    .argument('[name]', GLOB)
    .action(connections)
  proxyCommand(proxy, 'cut', 'closes one connection at once')
    .argument('<name>')
    .argument('<id>', 'as `proxy connections` shows it', wholeNumber(1))
    .action(cut)
  proxyCommand(proxy, 'events', 'what happened on proxies: the last 1000 events, each a line')
    .argument('[name]', GLOB)
    .option('--follow', 'and those that happen from now on, until Ctrl-C', false)
    .action(events)
}

async function list(pattern: string | undefined, flags: ProxyFlags): Promise<void> {
  const proxies = [...(await linksByHand(pattern, flags)).proxies.values()]
  if (flags.json) return say(JSON.stringify(proxies))
  say(proxies.length === 0 ? 'no proxies' : proxyLines(proxies).join('\n'))
}

async function inspect(name: string, flags: ProxyFlags): Promise<void> {
  const { api, real, proxies } = await linksByHand(escaped(name), flags)
  const proxy = [...proxies.values()][0] as ProxyView
  const told = real ? undefined : await evidenceOf(api, proxy)
  if (flags.json) return say(JSON.stringify({ proxy, ...told }))
  say([...proxyLines([proxy]), ...(told ? ['', ...evidenceLines(told)] : [])].join('\n'))
}

async function evidenceOf(api: ToxiproxyApi, { name, toxics }: ProxyView): Promise<ProxyEvidence> {
  const each = toxics.map(async (toxic) => [
    toxic.name,
    await api.ask('GET', `${pathOfToxic(name, toxic.name)}/evidence`),
  ])
  const evidence = await api.ask<ProxyEvidence['evidence']>('GET', `${pathOfProxy(name)}/evidence`)
  return { evidence, toxics: Object.fromEntries(await Promise.all(each)) }
}

async function connections(pattern: string | undefined, flags: ProxyFlags): Promise<void> {
  const { api, real, proxies } = await linksByHand(pattern, flags)
  if (real) throw noneOfReal('connections')
  const each = [...proxies.keys()].map(async (proxy): Promise<ConnectionOf[]> => {
    const open = await api.ask<ConnectionView[]>('GET', `${pathOfProxy(proxy)}/connections`)
    return open.map((connection) => ({ proxy, ...connection }))
  })
  const all = (await Promise.all(each)).flat()
  if (flags.json) return say(JSON.stringify(all))
  const none = `no open connection on ${plural(proxies.size, 'proxy', 'proxies')}`
  say(all.length === 0 ? none : connectionLines(all).join('\n'))
}

async function cut(name: string, id: number, flags: ProxyFlags): Promise<void> {
  const { api, real } = await linksByHand(escaped(name), flags)
  if (real) throw noneOfReal('connections')
  await api.ask('DELETE', `${pathOfProxy(name)}/connections/${id}`)
  say(flags.json ? JSON.stringify({ proxy: name, connection: id }) : `closed: connection ${id} of ${name}`)
}

async function events(pattern: string | undefined, flags: ProxyFlags & { follow: boolean }): Promise<void> {
  const { api, real, mayBe } = await chooseServer(flags)
  if (real) throw noneOfReal('events')
  const matches = pattern === undefined ? () => true : picomatch(pattern)
  for await (const event of readEvents(api.url, flags.follow))
    if (mayBe(event.proxy) && matches(event.proxy)) say(flags.json ? JSON.stringify(event) : eventLine(event))
}

const noneOfReal = (what: string): UsageError => new UsageError(`a real Toxiproxy does not tell its ${what}`)

/** One name, not a glob. */
function escaped(name: string): string {
  if (/[*?[\]{}()!]/.test(name)) throw new UsageError(`the name of one proxy is needed, not ${name}`)
  return name
}
