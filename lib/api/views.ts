import { shownAttributes } from '../proxy/attributes.ts'
import type { Connection } from '../proxy/connection.ts'
import type { Evidence } from '../proxy/evidence.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { ToxicStrikes } from '../proxy/strikes.ts'
import type { LeasedToxic } from '../proxy/toxics.ts'
import type { AttributeValues, Stream } from '../toxic.ts'
import { snakeCased, type SnakeCased } from './snake-case.ts'

/** A toxic as JSON. */
export interface ToxicView {
  attributes: AttributeValues
  name: string
  type: string
  stream: Stream
  toxicity: number
  /** ISO 8601, where a duration was given. */
  expires_at?: string
}

/** A proxy as JSON. */
export interface ProxyView {
  name: string
  listen: string
  upstream: string
  enabled: boolean
  /** `accept` or `refuse`; not there where it resets, as it does unless told otherwise. */
  on_upstream_error?: string
  /** When it will be enabled again: ISO 8601, where a duration was given. */
  expires_at?: string
  toxics: ToxicView[]
}

/** An open connection as JSON, a proxy's evidence, and a toxic's. */
export type ConnectionView = SnakeCased<ReturnType<Connection['view']>>
export type EvidenceView = SnakeCased<Evidence>
export type StrikesView = SnakeCased<ToxicStrikes>

export const connectionViews = (proxy: Proxy): ConnectionView[] => snakeCased(proxy.connections())

export const evidenceView = (proxy: Proxy): EvidenceView => snakeCased(proxy.evidence())

export const strikesView = ({ strikes }: LeasedToxic): StrikesView => snakeCased(strikes.read())

export function toxicView({
  attributes,
  name,
  definition,
  stream,
  toxicity,
  expiresAt,
}: LeasedToxic): ToxicView {
  return {
    attributes: shownAttributes(definition, attributes),
    name,
    type: definition.type,
    stream,
    toxicity,
    ...expiry(expiresAt),
  }
}

export function proxyView({
  name,
  listen,
  upstream,
  enabled,
  onUpstreamError,
  expiresAt,
  toxics,
}: Proxy): ProxyView {
  return {
    name,
    listen,
    upstream,
    enabled,
    ...(onUpstreamError !== 'reset' && { on_upstream_error: onUpstreamError }),
    ...expiry(expiresAt),
    toxics: toxics.list().map(toxicView),
  }
}

const expiry = (at: Date | undefined): { expires_at?: string } => (at ? { expires_at: at.toISOString() } : {})
