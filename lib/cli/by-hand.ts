import picomatch from 'picomatch'
import { toxicSpec } from '../api/input.ts'
import { ApiError } from '../api/errors.ts'
import { defaultsOf, unknownAttribute } from '../proxy/attributes.ts'
import {
  pathOfToxic,
  ToxiproxyApi,
  type ProxyView,
  type ToxicRequest,
  type ToxicView,
} from '../scenario/toxiproxy.ts'
import type { Protocol } from '../toxic/units.ts'
import type { Service } from '../cluster/state.ts'
import { usualStream, type Attributes, type AttributeValue, type Stream } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { toxics } from '../../toxics/index.ts'
import { chooseLiving, type ServerChoice } from './clusters.ts'
import { parseDuration } from './durations.ts'

/** The proxies of a server, or the links of a cluster, as somebody breaks them by hand, through Toxiproxy's API alone. */
export interface LinksByHand {
  api: ToxiproxyApi
  /** A real Toxiproxy: its toxics are its own, and its faults have no end of their own. */
  real: boolean
  /** The server has the toxics that we know, and no others. */
  checked: boolean
  /** The URL of our own server, if a real one is in front of it. */
  behind?: string | undefined
  /** By name, each as it is now. */
  proxies: Map<string, ProxyView>
}

/**
 * The links that a name or a glob means.
 * @throws {UsageError} naming the nearest if there is none.
 */
export async function linksByHand(pattern: string | undefined, choice: ServerChoice): Promise<LinksByHand> {
  const { api, real, checked, behind, mayBe } = await chooseServer(choice)
  const all = Object.values(await api.proxies())
    .filter(({ name }) => mayBe(name))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const chosen = matching(
    pattern,
    all.map(({ name }) => name),
  )
  const proxies = new Map(all.filter(({ name }) => chosen.includes(name)).map((proxy) => [proxy.name, proxy]))
  return { api, real, checked, behind, proxies }
}

/** A server, and which of its proxies are meant. */
interface ChosenServer extends Omit<LinksByHand, 'proxies'> {
  mayBe: (proxy: string) => boolean
}

/** @throws {UsageError} */
export async function chooseServer({ url, cluster }: ServerChoice): Promise<ChosenServer> {
  if (url !== undefined) {
    if (cluster !== undefined) throw new UsageError('either --url or --cluster')
    const api = new ToxiproxyApi(url)
    return { api, real: !(await api.isOurs()), checked: false, mayBe: () => true }
  }
  const { state } = chooseLiving(cluster)
  const { toxiproxy, tap } = state.urls
  if (toxiproxy === undefined) throw new UsageError(`${state.id} has no links`)
  const real = tap !== toxiproxy
  // A real Toxiproxy may have proxies of others.
  const api = new ToxiproxyApi(toxiproxy, real ? 'Toxiproxy' : 'our own proxy server')
  const behind = real ? tap : undefined
  return { api, real, checked: !real, behind, mayBe: (name) => name in state.links }
}

/** @throws {UsageError} naming the nearest if none matches. */
export function matching(pattern: string | undefined, links: readonly string[]): string[] {
  const matches = pattern === undefined ? () => true : picomatch(pattern)
  const chosen = links.filter((link) => matches(link))
  if (chosen.length === 0 && pattern !== undefined) throw unknownWord('link', pattern, links)
  return chosen
}

/**
 * A toxic on messages strikes nothing on a link of a cluster that carries none of its kind, and a real Toxiproxy has none.
 * @throws {UsageError} naming the links, or the server that has it.
 */
export function checkCarries({ checked, behind, proxies }: LinksByHand, type: string): void {
  const protocol = toxics.find((known) => known.type === type)?.strikes?.protocol
  if (protocol !== undefined && behind !== undefined)
    throw new UsageError(`a real Toxiproxy has no ${type}; our own proxy behind it does: add --url ${behind}`)
  if (!checked || protocol === undefined) return
  const service = CARRIED_BY[protocol]
  const others = [...proxies.keys()].filter((link) => !link.endsWith(`.${service}`))
  if (others.length > 0)
    throw new UsageError(`${type} strikes nothing on ${others.join(', ')}: name links to ${service}`)
}

const CARRIED_BY: Readonly<Record<Protocol, Service>> = { amqp: 'rabbitmq', postgres: 'postgres' }

/** Ends a fault by itself; a real Toxiproxy knows no such thing. */
export function checkLease({ real }: Pick<LinksByHand, 'real'>, forMs: number | undefined): void {
  if (real && forMs !== undefined)
    throw new UsageError(
      'the faults of a real Toxiproxy have no end of their own: leave --for out, and end the fault by `toxic remove` or `enable`',
    )
}

export interface ToxicWords {
  type: string
  /** `key=value`, as typed. */
  attributes: readonly string[]
  stream?: Stream
  toxicity: number
  forMs?: number
}

/**
 * The toxics that such words ask for on one link: one for each stream, under Toxiproxy's own names; those on messages for
 * the one that they usually strike on.
 * @param checked Against the toxics that the embedded server knows.
 * @throws {UsageError} for an unknown type or attribute (naming the nearest), or a value that it cannot have.
 */
export function toxicRequests(words: ToxicWords, checked: boolean): ToxicRequest[] {
  const { type, stream, toxicity, forMs } = words
  const definition = toxics.find((known) => known.type === type)
  if (definition === undefined && checked)
    throw unknownWord(
      'toxic',
      type,
      toxics.map((known) => known.type),
    )
  const attributes = attributesOf(words.attributes, type)
  // A message is struck once, on its way one way or the other.
  const usual: Stream[] = definition?.strikes
    ? [usualStream(definition, { ...defaultsOf(definition), ...attributes })]
    : ['upstream', 'downstream']
  const streams = stream === undefined ? usual : [stream]
  const requests = streams.map((one) => ({
    name: `${type}_${one}`,
    type,
    stream: one,
    toxicity,
    attributes,
    ...(forMs === undefined ? {} : { duration: forMs }),
  }))
  if (checked) for (const request of requests) check(request)
  return requests
}

function attributesOf(words: readonly string[], type: string): Record<string, AttributeValue> {
  const definition = toxics.find((one) => one.type === type)
  const attributes = words.map((word) => readAttribute(word, type, definition?.attributes))
  const names = attributes.map(([name]) => name)
  // Toxiproxy ignores what it does not know, and so does our server: whoever types is told.
  const unknown = definition && unknownAttribute(definition, names)
  if (unknown !== undefined) throw new UsageError(unknown)
  return Object.fromEntries(attributes)
}

/**
 * `latency=500`, and for what is in milliseconds also `latency=0.5s`; `scope=proxy`, where it is no number. What a
 * toxic takes that only its server knows is for that to say.
 */
function readAttribute(word: string, type: string, known: Attributes | undefined): [string, AttributeValue] {
  const [, key = '', text = ''] = /^([^=]+)=(.+)$/.exec(word) ?? []
  if (key === '') throw new UsageError(`an attribute of ${type} is given as key=value, not "${word}"`)
  const attribute = known?.[key.toLowerCase()]
  // That there is none of this name is told first.
  if (known && !attribute) return [key, text]
  if (attribute && !('unit' in attribute)) return [key, text]
  const value = attribute?.unit === 'ms' ? (parseDuration(text) ?? Number(text)) : Number(text)
  if (!Number.isNaN(value)) return [key, value]
  if (attribute) throw new UsageError(`${key} of ${type} is a number, not "${text}"`)
  return [key, text]
}

/** The server's own check, before anything is sent: then nothing is half applied. */
function check(request: ToxicRequest): void {
  try {
    toxicSpec(request, toxics)
  } catch (error) {
    throw error instanceof ApiError ? new UsageError(error.message) : error
  }
}

/** Adds the toxics to every link, or to none: what was added before a failure is removed again. */
export async function addEverywhere(
  { api, proxies }: LinksByHand,
  requests: readonly ToxicRequest[],
): Promise<void> {
  for (const { name: link, toxics: there } of proxies.values())
    for (const { name } of requests)
      if (there.some((toxic) => toxic.name === name))
        throw new UsageError(
          `${link} has a toxic ${name} already: remove it first: toxic remove ${link} ${name}`,
        )
  await allOrNone(
    [...proxies.keys()].flatMap((link) => requests.map((request) => ({ link, request }))),
    ({ link, request }) => api.addToxic(link, request),
    ({ link, request }) => api.removeToxic(link, request.name),
  )
}

/** Disables or enables every link, or none. */
export async function setEverywhere(
  { api, proxies }: LinksByHand,
  enabled: boolean,
  forMs: number | undefined,
): Promise<void> {
  await allOrNone(
    [...proxies.values()],
    ({ name }) => api.setEnabled(name, enabled, forMs),
    ({ name, enabled: before }) => api.setEnabled(name, before),
  )
}

/** Does one after the other; what failed is told, and what was done before is undone. */
async function allOrNone<T>(
  all: readonly T[],
  act: (one: T) => Promise<unknown>,
  undo: (one: T) => Promise<unknown>,
): Promise<void> {
  const done: T[] = []
  for (const one of all) {
    try {
      await act(one)
      done.push(one)
    } catch (error) {
      // The first error is what is told; an undo that fails as well changes nothing about it.
      await Promise.allSettled(done.map(undo))
      throw error
    }
  }
}

/** What is to be changed of toxics; what is undefined stays as it is. */
export interface ToxicUpdate {
  /** `key=value`, as typed. */
  attributes: readonly string[]
  toxicity?: number | undefined
  forMs?: number | undefined
}

/**
 * Changes the toxics of that name or type on every link, or on none.
 * @returns Their names, each with its link's.
 * @throws {UsageError} naming the nearest if no link has such a toxic, or the toxic no such attribute.
 */
export async function updateEverywhere(
  links: LinksByHand,
  name: string,
  { attributes, toxicity, forMs }: ToxicUpdate,
): Promise<string[]> {
  const chosen = toxicsNamed(links, name)
  const changes = chosen.map(({ link, toxic }) => ({
    path: pathOfToxic(link, toxic.name),
    before: { attributes: toxic.attributes, toxicity: toxic.toxicity },
    change: { attributes: attributesOf(attributes, toxic.type), toxicity, duration: forMs },
  }))
  await allOrNone(
    changes,
    // Not PATCH, which older servers do not know.
    ({ path, change }) => links.api.ask('POST', path, change),
    ({ path, before }) => links.api.ask('POST', path, before),
  )
  return chosen.map(({ link, toxic }) => `${toxic.name} on ${link}`)
}

/**
 * Removes the toxics of that name or type, or all, from every link.
 * @returns How many there were.
 * @throws {UsageError} naming the nearest if no link has such a toxic.
 */
export async function removeEverywhere(links: LinksByHand, name: string | undefined): Promise<number> {
  const chosen = toxicsNamed(links, name)
  await Promise.all(chosen.map(({ link, toxic }) => links.api.removeToxic(link, toxic.name)))
  return chosen.length
}

function toxicsNamed(
  { proxies }: LinksByHand,
  name: string | undefined,
): { link: string; toxic: ToxicView }[] {
  const all = [...proxies.values()].flatMap(({ name: link, toxics: there }) =>
    there.map((toxic) => ({ link, toxic })),
  )
  const chosen = all.filter(({ toxic }) => name === undefined || toxic.name === name || toxic.type === name)
  if (name !== undefined && chosen.length === 0)
    throw unknownWord('toxic of these links', name, [...new Set(all.map(({ toxic }) => toxic.name))])
  return chosen
}

/** The proxies as they are after a change. */
export async function proxiesNow({ api, proxies }: LinksByHand): Promise<ProxyView[]> {
  const all = await api.proxies()
  return [...proxies.keys()].flatMap((name) => all[name] ?? [])
}
