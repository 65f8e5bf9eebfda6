import { inspectMembers, type MemberView } from '../cluster/inspect.ts'
import { processesOf } from '../cluster/remains.ts'
import { ToxiproxyApi, type ProxyView } from '../scenario/toxiproxy.ts'
import { within } from '../util/within.ts'
import { shownFolder } from './runs.ts'
import { apiUrl, runFolderOf, type FoundCluster } from './clusters.ts'

/** Each node, service and server is asked for so long, all at once. */
const ASK_MS = 1000

export interface ToxicSurvey {
  name: string
  type: string
  stream: string
  toxicity: number
  attributes: Record<string, unknown>
  /** Until its lease ends. */
  remainingMs?: number
}

export interface LinkSurvey {
  name: string
  /** Where the node connects to. */
  listen: string
  /** up: it passes; with toxics, what they leave. down: disabled. gone: its proxy does not answer. */
  state: 'up' | 'down' | 'gone'
  /** Until a link that is down is up again by itself. */
  remainingMs?: number
  toxics: ToxicSurvey[]
}

/** Everything that `ps` tells of one cluster. */
export interface ClusterSurvey {
  id: string
  name: string
  /** What started it: `up`, or the command line of a gate. */
  owner: { pid: number; command: string; alive: boolean }
  mistral: string
  rpc: string
  began: string
  run: string
  urls: { api?: string; toxiproxy?: string; effects?: string }
  members: MemberView[]
  links: LinkSurvey[]
  /** Processes of the cluster that run, helpers among them. */
  processes: number
}

/** Asks every part of a cluster; no more is needed of its owner than what its servers answer. */
export async function surveyCluster({ folder, state, alive, kept }: FoundCluster): Promise<ClusterSurvey> {
  const { id, name, owner, mistral, rpc, began, urls } = state
  const connections = async (link: string) => {
    const there =
      urls.tap === undefined ? [] : await new ToxiproxyApi(urls.tap, 'our own proxy server').connections(link)
    return there.map(({ upstream_local: own }) => Number(own.slice(own.lastIndexOf(':') + 1)))
  }
  const [members, proxies] = await Promise.all([
    inspectMembers(folder, state, ASK_MS, connections),
    alive && urls.toxiproxy !== undefined
      ? within(ASK_MS, new ToxiproxyApi(urls.toxiproxy).proxies(), undefined)
      : undefined,
  ])
  const api = apiUrl(state)
  return {
    id,
    name,
    owner: { pid: owner.pid, command: kept ? 'up' : owner.command, alive },
    mistral,
    rpc,
    began,
    run: shownFolder(runFolderOf(state)),
    urls: { ...(api === undefined ? {} : { api }), ...urls },
    members: members.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    links: Object.entries(state.links)
      .map(([link, { listen }]) => surveyLink(link, listen, proxies?.[link]))
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    processes: processesOf(state).length,
  }
}

export function surveyLink(name: string, listen: string, proxy: ProxyView | undefined): LinkSurvey {
  if (proxy === undefined) return { name, listen, state: 'gone', toxics: [] }
  return {
    name,
    listen,
    state: proxy.enabled ? 'up' : 'down',
    ...(proxy.enabled ? {} : remaining(proxy.expires_at)),
    toxics: proxy.toxics.map(({ name, type, stream, toxicity, attributes, expires_at }) => ({
      name,
      type,
      stream,
      toxicity,
      attributes,
      ...remaining(expires_at),
    })),
  }
}

const remaining = (expiresAt: string | undefined): { remainingMs?: number } =>
  expiresAt === undefined ? {} : { remainingMs: Math.max(0, Date.parse(expiresAt) - Date.now()) }
