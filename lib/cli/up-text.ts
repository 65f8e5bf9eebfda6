import type { ClusterState } from '../cluster/state.ts'
import { paint, type Terminal } from '../report/console.ts'
import { isNode } from '../util/node-names.ts'
import { apiUrl } from './clusters.ts'
import { tableLines } from './table.ts'

/** What `crosswind up` tells when a cluster is up. */
export interface UpFacts {
  id: string
  name: string
  mistral: string
  rpc: string
  nodes: string[]
  /** `tap`: of our own proxy, which is behind a real Toxiproxy if there is one. */
  urls: { api: string; toxiproxy: string; tap: string; effects: string }
  /** The run's folder. */
  run: string
  /** Where a node connects to instead of the service. */
  links: { name: string; listen: string }[]
}

export function upFacts(state: ClusterState, run: string): UpFacts {
  const { id, name, mistral, rpc, urls, links, processes } = state
  return {
    id,
    name,
    mistral,
    rpc,
    nodes: Object.keys(processes).filter(isNode).toSorted(),
    urls: {
      api: apiUrl(state) ?? '',
      toxiproxy: urls.toxiproxy ?? '',
      tap: urls.tap ?? '',
      effects: urls.effects ?? '',
    },
    run,
    links: Object.entries(links)
      .map(([link, { listen }]) => ({ name: link, listen }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  }
}

/** @param cluster The option that further commands need, with a blank before it, or nothing. */
export function factsLines(facts: UpFacts, terminal: Terminal, cluster: string): string[] {
  const { id, mistral, rpc, urls, run, links } = facts
  const rows = [
    ['Mistral API', `${urls.api}/v2`],
    ['Toxiproxy API', urls.toxiproxy],
    ...(urls.tap === urls.toxiproxy ? [] : [['our own behind it', urls.tap]]),
    ['effects', urls.effects],
    ['run', `${run} (journal.ndjson, nodes/*.log, keeper.log)`],
  ]
  const next = [
    ['ps', 'what runs, what answers, what is broken'],
    ['workflow join --tasks 20 --run', 'starts a workflow and follows it'],
    [`toxic add '*.rabbitmq' latency latency=500 --for 20s`, 'makes every path to RabbitMQ slow'],
    [`disable '*.postgres' --for 8s`, 'cuts every path to PostgreSQL'],
    ['kill executor-1', 'and start executor: another one'],
    ['down', 'ends it all'],
  ].map(([command, about]) => [`npm run crosswind -- ${command}${cluster}`, about ?? ''])
  const bold = (text: string) => paint(terminal, 'bold', text)
  return [
    '',
    `${bold(id)} is up: Mistral ${mistral}, rpc ${rpc}`,
    '',
    ...tableLines(rows, 2),
    '',
    ...tableLines(
      [['LINK', 'LISTENS ON'], ...links.map(({ name, listen }) => [name, listen])],
      2,
      (text, row) => (row === 0 ? paint(terminal, 'dim', text) : text),
    ),
    '',
    'Next:',
    ...tableLines(next, 2, (text, _row, column) => (column === 0 ? text : paint(terminal, 'dim', text))),
  ]
}
