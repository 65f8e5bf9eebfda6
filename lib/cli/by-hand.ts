import picomatch from 'picomatch'
import { toxicSpec } from '../api/input.ts'
import { ApiError } from '../api/errors.ts'
import { ToxiproxyApi, type ProxyView, type ToxicRequest } from '../scenario/toxiproxy.ts'
import type { Attributes, AttributeValue, Stream } from '../toxic.ts'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { toxics } from '../../toxics/index.ts'
import { chooseLiving } from './clusters.ts'
import { parseDuration } from './durations.ts'

/** The links of a cluster as somebody breaks them by hand, through Toxiproxy's API alone. */
export interface LinksByHand {
  api: ToxiproxyApi
  /** A real Toxiproxy stands in front: its toxics are its own, and its faults have no end of their own. */
  fronted: boolean
  /** By name, each as it is now. */
  proxies: Map<string, ProxyView>
}

/**
 * The links that a name or a glob means.
 * @throws {UsageError} naming the nearest if there is none.
 */
export async function linksByHand(
  pattern: string | undefined,
  cluster: string | undefined,
): Promise<LinksByHand> {
  const { state } = chooseLiving(cluster)
  const { toxiproxy, tap } = state.urls
  if (toxiproxy === undefined) throw new UsageError(`${state.id} has no links`)
  const api = new ToxiproxyApi(toxiproxy)
  // A real Toxiproxy may have proxies of others.
  const all = Object.values(await api.proxies())
    .filter(({ name }) => name in state.links)
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const chosen = matching(
    pattern,
    all.map(({ name }) => name),
  )
  const proxies = new Map(all.filter(({ name }) => chosen.includes(name)).map((proxy) => [proxy.name, proxy]))
  return { api, fronted: tap !== toxiproxy, proxies }
}

/** @throws {UsageError} naming the nearest if none matches. */
export function matching(pattern: string | undefined, links: readonly string[]): string[] {
  const matches = pattern === undefined ? () => true : picomatch(pattern)
  const chosen = links.filter((link) => matches(link))
  if (chosen.length === 0 && pattern !== undefined) throw unknownWord('link', pattern, links)
  return chosen
}

/** Ends a fault by itself; a real Toxiproxy knows no such thing. */
export function checkLease({ fronted }: LinksByHand, forMs: number | undefined): void {
  if (fronted && forMs !== undefined)
    throw new UsageError(
      'a real Toxiproxy stands in front, and its faults have no end of their own: leave --for out, and end the fault by `toxic remove` or `enable`',
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
 * The toxics that such words ask for on one link: one for each stream, under Toxiproxy's own names.
 * @param checked Against the toxics that the embedded server knows.
 * @throws {UsageError} for an unknown type or attribute (naming the nearest), or a value that it cannot have.
 */
export function toxicRequests(words: ToxicWords, checked: boolean): ToxicRequest[] {
  const { type, stream, toxicity, forMs } = words
  const streams: Stream[] = stream === undefined ? ['upstream', 'downstream'] : [stream]
  const definition = toxics.find((known) => known.type === type)
  if (definition === undefined && checked)
    throw unknownWord(
      'toxic',
      type,
      toxics.map((known) => known.type),
    )
  const known = definition?.attributes ?? {}
  const attributes = Object.fromEntries(words.attributes.map((word) => readAttribute(word, type, known)))
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

/** `latency=500`, and for what is in milliseconds also `latency=0.5s`; `scope=proxy`, where it is no number. */
function readAttribute(word: string, type: string, known: Attributes): [string, AttributeValue] {
  const [, key = '', text = ''] = /^([^=]+)=(.+)$/.exec(word) ?? []
  if (key === '') throw new UsageError(`an attribute of ${type} is given as key=value, not "${word}"`)
  const attribute = known[key]
  if (attribute && !('unit' in attribute)) return [key, text]
  const value = attribute?.unit === 'ms' ? (parseDuration(text) ?? Number(text)) : Number(text)
  if (Number.isNaN(value)) throw new UsageError(`${key} of ${type} is a number, not "${text}"`)
  return [key, value]
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
  act: (one: T) => Promise<void>,
  undo: (one: T) => Promise<void>,
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

/**
 * Removes the toxics of that name or type, or all, from every link.
 * @returns How many there were.
 * @throws {UsageError} naming the nearest if no link has such a toxic.
 */
export async function removeEverywhere(
  { api, proxies }: LinksByHand,
  name: string | undefined,
): Promise<number> {
  const all = [...proxies.values()].flatMap(({ name: link, toxics: there }) =>
    there.map((toxic) => ({ link, toxic })),
  )
  const chosen = all.filter(({ toxic }) => name === undefined || toxic.name === name || toxic.type === name)
  if (name !== undefined && chosen.length === 0)
    throw unknownWord('toxic of these links', name, [...new Set(all.map(({ toxic }) => toxic.name))])
  await Promise.all(chosen.map(({ link, toxic }) => api.removeToxic(link, toxic.name)))
  return chosen.length
}
