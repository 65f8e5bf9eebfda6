import type { Condition, MemberView } from '../cluster/inspect.ts'
import { paint, type Terminal } from '../report/console.ts'
import { clip, plural } from '../report/text.ts'
import { passedTime } from './durations.ts'
import type { ClusterSurvey, LinkSurvey, ToxicSurvey } from './survey.ts'
import { tableLines } from './table.ts'

const CONDITIONS: Record<Condition, { text: string; colour: 'green' | 'yellow' | 'red' | 'dim' }> = {
  answers: { text: 'yes', colour: 'green' },
  silent: { text: 'no', colour: 'red' },
  paused: { text: 'no, paused', colour: 'yellow' },
  ended: { text: 'no, it has ended by itself', colour: 'red' },
  starting: { text: 'not yet, it is being started', colour: 'dim' },
}

/** One cluster as people read it. */
export function clusterLines(cluster: ClusterSurvey, terminal: Terminal): string[] {
  const { id, mistral, rpc, began, run, urls, members, links } = cluster
  const age = passedTime(Date.now() - Date.parse(began))
  const head = [
    `${paint(terminal, 'bold', id)}  ${ownerText(cluster)}, up ${age}, Mistral ${mistral}, rpc ${rpc}`,
    `  API ${urls.api ?? '(no api node)'}  Toxiproxy ${urls.toxiproxy ?? ''}  run ${run}`,
  ]
  const dim = (text: string) => paint(terminal, 'dim', text)
  const answersColumn = 4
  const memberRows = [['NAME', 'KIND', 'PID', 'UPTIME', 'ANSWERS'], ...members.map(memberRow)]
  const linkRows = [['LINK', 'LISTENS ON', 'FAULTS'], ...links.flatMap(faultRows)]
  return [
    ...head,
    ...diedLines(cluster, terminal),
    '',
    ...tableLines(memberRows, 2, (text, row, column) => {
      if (row === 0) return dim(text)
      const member = members[row - 1]
      return column === answersColumn && member
        ? paint(terminal, CONDITIONS[member.condition].colour, text)
        : text
    }),
    '',
    ...tableLines(linkRows, 2, (text, row, column) => {
      if (row === 0) return dim(text)
      return column === 2 && text !== '-' ? paint(terminal, 'yellow', text) : text
    }),
  ]
}

function ownerText({ owner }: ClusterSurvey): string {
  const by = `\`${clip(owner.command, 60)}\``
  return owner.alive
    ? `kept by ${by} (pid ${owner.pid})`
    : `was kept by ${by} (pid ${owner.pid}), which has died`
}

function diedLines({ owner, processes, id }: ClusterSurvey, terminal: Terminal): string[] {
  if (owner.alive) return []
  const text =
    `  The process that kept it has died: its links are gone, ${plural(processes, 'process', 'processes')} remain. ` +
    `Remove them: npm run crosswind -- down --cluster ${id}`
  return [paint(terminal, 'red', text)]
}

const memberRow = ({ name, kind, pid, uptimeMs, condition }: MemberView): string[] => [
  name,
  kind === 'rabbitmq' || kind === 'postgres' ? 'service' : kind,
  String(pid ?? '-'),
  uptimeMs === undefined ? '-' : passedTime(uptimeMs),
  CONDITIONS[condition].text,
]

/** A line for each fault; the link's name stands in the first. */
function faultRows(link: LinkSurvey): string[][] {
  return faultTexts(link).map((text, at) => (at === 0 ? [link.name, link.listen, text] : ['', '', text]))
}

/** Every fault of a link; `-` if it has none. */
export function faultTexts({ state, remainingMs, toxics }: LinkSurvey): string[] {
  const faults = [
    ...(state === 'gone' ? ['its proxy is gone'] : []),
    ...(state === 'down' ? [`down${leaseText(remainingMs)}`] : []),
    ...toxics.map(toxicText),
  ]
  return faults.length > 0 ? faults : ['-']
}

/** `latency upstream latency=100 jitter=50, toxicity 0.5, 8.2 s left`. */
export function toxicText({ type, stream, toxicity, attributes, remainingMs }: ToxicSurvey): string {
  const named = Object.entries(attributes).map(([key, value]) => `${key}=${String(value)}`)
  const words = [type, stream, ...named].join(' ')
  return `${words}${toxicity < 1 ? `, toxicity ${toxicity}` : ''}${leaseText(remainingMs)}`
}

export const leaseText = (remainingMs: number | undefined): string =>
  remainingMs === undefined ? '' : `, ${passedTime(remainingMs)} left`
