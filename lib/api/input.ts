import { parseAddress, parseDestination } from '../proxy/address.ts'
import { defaultsOf, isValueOf, unknownAttribute, whatItMustBe } from '../proxy/attributes.ts'
import type { ProxyChange } from '../proxy/proxy.ts'
import type { ProxySpec } from '../proxy/proxies.ts'
import type { ToxicChange, ToxicSpec } from '../proxy/toxics.ts'
import type { OnUpstreamError } from '../proxy/upstream-watch.ts'
import {
  MAX_ATTRIBUTE,
  struckBy,
  actsOn,
  usualStream,
  type Attribute,
  type AttributeValues,
  type Stream,
  type ToxicDefinition,
} from '../toxic.ts'
import { ApiError } from './errors.ts'
import { Fields, listOf } from './json.ts'

type Definitions = readonly ToxicDefinition[]

/** Reads what is checked of a proxy; `at` is put behind a missing field's name: ` at proxy 2`. */
export function proxySpec(body: unknown, definitions: Definitions, at = ''): ProxySpec {
  const fields = new Fields(body)
  const name = fields.string('name')
  if (!name) throw new ApiError('missingField', `name${at}`)
  const upstream = fields.string('upstream')
  if (!upstream) throw new ApiError('missingField', `upstream${at}`)
  const change = readProxyChange(fields)
  if (change.durationMs && change.enabled !== false) throw leaseWithoutDisabling()
  const toxics = fields.list('toxics')?.map((toxic) => toxicSpec(toxic, definitions))
  const twice = toxics?.find((toxic, index) => toxics.findIndex((other) => other.name === toxic.name) < index)
  if (twice) throw new ApiError('toxicAlreadyExists')
  return { ...change, name, upstream, toxics }
}

/** The whole list is checked before anything is made. */
export const proxySpecs = (body: unknown, definitions: Definitions): ProxySpec[] =>
  listOf(body, 'it').map((proxy, index) => proxySpec(proxy, definitions, ` at proxy ${index + 1}`))

/** @param enabled whether the proxy is, if the change does not say. */
export function proxyChange(body: unknown, enabled: boolean): ProxyChange {
  const change = readProxyChange(new Fields(body))
  if (change.durationMs && (change.enabled ?? enabled)) throw leaseWithoutDisabling()
  return change
}

/** The stream is checked before the type, and that before attributes. */
export function toxicSpec(body: unknown, definitions: Definitions): ToxicSpec {
  const fields = new Fields(body)
  const type = fields.string('type') ?? ''
  const definition = definitions.find((known) => known.type === type)
  const given = fields.string('stream')?.toLowerCase()
  if (given !== undefined && !isStream(given)) throw new ApiError('invalidStream')
  if (!definition) throw new ApiError('invalidToxicType')
  const attributes = attributesOf(definition, fields.fields('attributes'), defaultsOf(definition))
  const stream = given ?? usualStream(definition, attributes)
  checkStrikes(definition, stream, attributes)
  return {
    name: fields.string('name') || `${type}_${stream}`,
    definition,
    stream,
    toxicity: toxicityOf(fields) ?? 1,
    attributes,
    ...durationOf(fields),
  }
}

/** Name, type and stream may be given and are not looked at: clients send all that they have. */
export function toxicChange(
  body: unknown,
  { definition, stream, attributes: current }: Pick<ToxicSpec, 'definition' | 'stream' | 'attributes'>,
): ToxicChange {
  const fields = new Fields(body)
  const toxicity = toxicityOf(fields)
  const attributes = attributesOf(definition, fields.fields('attributes'), current)
  checkStrikes(definition, stream, attributes)
  return {
    attributes,
    ...(toxicity !== undefined && { toxicity }),
    ...durationOf(fields),
  }
}

/** One that acts on messages would otherwise be set, and never strike. */
function checkStrikes(definition: ToxicDefinition, stream: Stream, attributes: AttributeValues): void {
  if (actsOn(definition, attributes, stream)) return
  const struck = Object.entries(struckBy(definition, { ...attributes, method: '' }))
  const what = struck.map(([one, methods]) => `${one} it can strike ${methods.join(', ')}`)
  const { method = '' } = attributes
  const asked = `${definition.type} on ${stream}${method === '' ? '' : ` with method ${method}`}`
  throw new ApiError('strikesNothing', `${asked}; ${what.join('; ')}`)
}

function readProxyChange(fields: Fields): ProxyChange {
  return {
    listen: addressOf(fields, 'listen'),
    upstream: addressOf(fields, 'upstream'),
    enabled: fields.boolean('enabled'),
    onUpstreamError: onUpstreamErrorOf(fields),
    ...durationOf(fields),
  }
}

/** An address that is empty is one that was not given. */
function addressOf(fields: Fields, name: string): string | undefined {
  const text = fields.string(name)
  if (!text) return undefined
  const [parse, what] =
    name === 'upstream' ? [parseDestination, 'host:port or unix:/path'] : [parseAddress, 'host:port']
  if (!parse(text)) throw new ApiError('badRequestBody', `${name} must be ${what}, not ${text}`)
  return text
}

const ON_UPSTREAM_ERROR: readonly OnUpstreamError[] = ['accept', 'reset', 'refuse']

function onUpstreamErrorOf(fields: Fields): OnUpstreamError | undefined {
  const given = fields.string('on_upstream_error')
  const known = ON_UPSTREAM_ERROR.find((one) => one === given)
  if (given === undefined || known) return known
  const text = `on_upstream_error must be ${ON_UPSTREAM_ERROR.join(' or ')}, not ${given}`
  throw new ApiError('badRequestBody', text)
}

const leaseWithoutDisabling = () => new ApiError('badRequestBody', 'duration needs enabled: false')

const isStream = (text: string): text is Stream => text === 'upstream' || text === 'downstream'

function toxicityOf(fields: Fields): number | undefined {
  const toxicity = fields.number('toxicity')
  if (toxicity === undefined || (toxicity >= 0 && toxicity <= 1)) return toxicity
  throw new ApiError('badRequestBody', `toxicity must be from 0 to 1, not ${toxicity}`)
}

/** `duration`: the length of a lease in ms, 0 for none; a longer one might end at no date that there is. */
function durationOf(fields: Fields): { durationMs?: number } {
  const durationMs = fields.number('duration')
  if (durationMs === undefined) return {}
  if (Number.isInteger(durationMs) && durationMs >= 0 && durationMs <= MAX_ATTRIBUTE) return { durationMs }
  const text = `duration must be a whole number of ms from 0 to ${MAX_ATTRIBUTE}, not ${durationMs}`
  throw new ApiError('badRequestBody', text)
}

/**
 * Toxiproxy's own types: what it does not know of their attributes it ignores, and so do we, since clients may send more.
 * Of all others every name must be right.
 */
const TOXIPROXYS = [
  'bandwidth',
  'latency',
  'limit_data',
  'noop',
  'reset_peer',
  'slicer',
  'slow_close',
  'timeout',
]

/** Every attribute of the type: as given, else as it is now. */
function attributesOf(
  definition: ToxicDefinition,
  given: Fields,
  current: Partial<AttributeValues>,
): AttributeValues {
  const { type, attributes } = definition
  const isOurs = !TOXIPROXYS.includes(type)
  const unknown = isOurs ? unknownAttribute(definition, given.names) : undefined
  if (unknown !== undefined) throw new ApiError('invalidAttribute', unknown)
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const said = given.get(name) ?? current[name]
      const value = isOurs ? meant(attribute, said) : said
      if (isValueOf(attribute, value)) return [name, value]
      throw new ApiError('invalidAttribute', `${name} of ${type} ${whatItMustBe(attribute, value)}`)
    }),
  )
}

const WHOLE = /^-?\d{1,15}$/

/** A client that does not know a type guesses what is a number: `nth` may come as "2", and an SQLSTATE as 40001. */
function meant(attribute: Attribute, value: unknown): unknown {
  if ('unit' in attribute && typeof value === 'string' && WHOLE.test(value)) return Number(value)
  return 'text' in attribute && typeof value === 'number' ? String(value) : value
}
