import type { LinkChanged } from '../ledger/fault-entries.ts'
import { shownAttributes } from '../proxy/attributes.ts'
import type { ProxyChanged, ProxyEvent } from '../proxy/events.ts'
import type { LeasedToxic } from '../proxy/toxics.ts'

const CHANGES: Record<ProxyChanged['kind'], LinkChanged['change']> = {
  'toxic.added': 'toxic added',
  'toxic.updated': 'toxic updated',
  'toxic.removed': 'toxic removed',
  'toxic.expired': 'toxic expired',
  disabled: 'disabled',
  enabled: 'enabled',
  'disabling.expired': 'disabling expired',
  removed: 'removed',
}

const isChange = (event: ProxyEvent): event is ProxyEvent & ProxyChanged => event.kind in CHANGES

/** What the journal says of an event of our server, if it changed a link's faults. */
export function linkChanged(event: ProxyEvent): LinkChanged | undefined {
  if (!isChange(event)) return undefined
  const { proxy: link, kind } = event
  const told: LinkChanged = { kind: 'link.changed', link, change: CHANGES[kind] }
  if (kind === 'disabled') return { ...told, ...leaseOf(event.expiresAt) }
  if (!('toxic' in event)) return told
  const gone = kind === 'toxic.removed' || kind === 'toxic.expired'
  return { ...told, toxic: toxicOf(event.toxic), ...leaseOf(gone ? undefined : event.toxic.expiresAt) }
}

function toxicOf({
  name,
  definition,
  stream,
  toxicity,
  attributes,
}: LeasedToxic): NonNullable<LinkChanged['toxic']> {
  const shown = { ...shownAttributes(definition, attributes) }
  return { name, type: definition.type, stream, toxicity, attributes: shown }
}

const leaseOf = (expiresAt: Date | undefined): { endsAfterMs?: number } =>
  expiresAt === undefined ? {} : { endsAfterMs: Math.max(0, expiresAt.getTime() - Date.now()) }
