import type { EventView } from '../api/events.ts'
import type { ConnectionView, EvidenceView, StrikesView } from '../api/views.ts'
import type { LaneBytes } from '../proxy/evidence.ts'
import { oneLine, plural } from '../report/text.ts'
import type { ProxyView } from '../scenario/toxiproxy.ts'
import { passedTime } from './durations.ts'
import { faultTexts } from './ps-text.ts'
import { surveyLink } from './survey.ts'
import { tableLines } from './table.ts'

/** Proxies with their faults, a line for each fault. */
export function proxyLines(proxies: readonly ProxyView[]): string[] {
  const rows = proxies.flatMap((proxy) => {
    const { name, listen, upstream } = proxy
    const faults = faultTexts(surveyLink(name, listen, proxy))
    return faults.map((text, at) => (at === 0 ? [name, listen, upstream, text] : ['', '', '', text]))
  })
  return tableLines([['PROXY', 'LISTENS ON', 'UPSTREAM', 'FAULTS'], ...rows])
}

/** What a proxy of ours did since it was made, and each of its toxics. */
export interface ProxyEvidence {
  evidence: EvidenceView
  toxics: Record<string, Omit<StrikesView, 'delays'>>
}

export function evidenceLines({ evidence, toxics }: ProxyEvidence): string[] {
  const { opened, open, cut_by_fault: cut, dials_failed: failed } = evidence.connections
  const { upstream, downstream } = evidence.lanes
  const did = Object.entries(toxics).map(([name, strikes]) => [name, strikesText(strikes)])
  return tableLines([
    [
      'connections',
      `${opened} opened, ${open} open, ${cut} cut by a fault, ${plural(failed, 'dial')} failed`,
    ],
    ['upstream', bytesText(upstream)],
    ['downstream', bytesText(downstream)],
    ...did,
  ])
}

const bytesText = ({ received, sent, held, dropped }: LaneBytes): string =>
  `${received} B received, ${sent} B sent, ${held} B held, ${dropped} B dropped`

function strikesText(strikes: Omit<StrikesView, 'delays'>): string {
  const { chunks_delayed: delayed, delayed_ms: ms, bytes_dropped: dropped, connections_cut: cuts } = strikes
  const mean = delayed === 0 ? '' : ` by ${(ms / delayed).toFixed(1)} ms`
  const cut = plural(cuts, 'connection')
  return `${plural(delayed, 'chunk')} delayed${mean}, ${dropped} B dropped, ${cut} cut`
}

export interface ConnectionOf extends ConnectionView {
  proxy: string
}

export function connectionLines(connections: readonly ConnectionOf[]): string[] {
  const rows = connections.map(({ proxy, id, client, ...rest }) => {
    const stalled = rest.stalled?.map((stream) => `stalled ${stream}`) ?? []
    const toxics = rest.toxics.map(({ name, acted }) => (acted ? `${name} has acted` : name))
    const bytes = [`${rest.upstream_bytes} B`, `${rest.downstream_bytes} B`]
    const acting = [...toxics, ...stalled].join(', ') || '-'
    return [proxy, String(id), client, passedTime(rest.age_ms), ...bytes, acting]
  })
  return tableLines([['PROXY', 'ID', 'CLIENT', 'AGE', 'UPSTREAM', 'DOWNSTREAM', 'TOXICS'], ...rows])
}

/** `10:32:07.120  redis  connection 3  closed: timeout_downstream`. */
export function eventLine(event: EventView): string {
  const { time, proxy, connection } = event
  const about = connection === undefined ? '' : `connection ${connection}: `
  return oneLine(`${time.slice(11, 23)}  ${proxy}  ${about}${eventText(event)}`)
}

function eventText({ kind, reason, toxic, by, client, expires_at: end, error, what }: EventView): string {
  if (kind === 'toxic.acted') return `${by} acts`
  const until = (toxic?.expires_at ?? end) === undefined ? '' : ` until ${toxic?.expires_at ?? end}`
  const words: Partial<Record<EventView['kind'], string>> = {
    'connection.opened': 'opened',
    'connection.dialled': `from ${client}, the upstream has accepted`,
    'connection.closed': `closed: ${reason}`,
    'dial.failed': `the upstream has not accepted: ${error}`,
    disabled: `disabled${until}`,
    'disabling.expired': 'enabled, its time was over',
    failed: `${what} has failed: ${error}`,
  }
  if (!toxic) return words[kind] ?? kind
  const { name, type, stream, toxicity } = toxic
  const share = toxicity < 1 ? `, toxicity ${toxicity}` : ''
  const values = Object.entries(toxic.attributes).map(([key, value]) => ` ${key}=${value}`)
  return `${kind.replace('.', ' ')}: ${name} (${type} ${stream}${values.join('')}${share})${until}`
}
