/**
 * Every toxic comes and goes on live connections, for an hour unless told: `npm run soak -- --minutes 5 --seed mine`.
 * Each byte that arrives is checked, and each stream is complete where no toxic drops; after each round memory and
 * descriptors must be where they were.
 */
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import { inSeconds, monotonicMs } from '../util/clock.ts'
import { messageOf } from '../util/errors.ts'
import { poll } from '../util/poll.ts'
import { toxics } from '../../toxics/index.ts'
import { Talks } from './soak/conversation.ts'
import { Weather } from './soak/weather.ts'

const ROUND_MS = 15_000
/** For what is under way when a round ends, once no toxic is left. */
const CALM_MS = 30_000
/** Conversations at a time on each proxy, and how many bytes one has at most in each direction. */
const AT_ONCE = 8
/** Conversations that last until the end. */
const LASTING = 2
const LONGEST = 2_000_000
/** What the heap may have grown by, in bytes, since the first round: compiled code and the list of cuts grow for a while. */
const GROWTH = 4 * 2 ** 20

/** No toxic of the first drops or cuts; on the second all may. */
const PROXIES = [
  { name: 'gentle', cuts: false },
  { name: 'rough', cuts: true },
] as const

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const descriptors = (): number => readdirSync('/proc/self/fd').length

function heap(): number {
  collect()
  return process.memoryUsage().heapUsed
}

interface Soak {
  server: RunningToxiproxy
  talks: Talks
  weathers: Weather[]
  /** Conversations of which both streams were complete. */
  complete: number
  /** A line each. */
  problems: string[]
}

function portOf({ server }: Soak, proxy: string): number {
  const listen = server.proxies().find(({ name }) => name === proxy)?.listen ?? ''
  return Number(listen.split(':')[1])
}

/** Conversations on one proxy, one after the other, until `over`. */
async function talk(
  soak: Soak,
  { name, cuts }: (typeof PROXIES)[number],
  over: () => boolean,
): Promise<void> {
  const port = portOf(soak, name)
  while (!over()) {
    if (cuts) await soak.talks.hold(port, LONGEST)
    else await talkWhole(soak, port, LONGEST)
  }
}

async function talkWhole(soak: Soak, port: number, until: number | (() => boolean)): Promise<void> {
  if (await soak.talks.holdWhole(port, until)) soak.complete += 1
  else soak.problems.push('a conversation that nothing may cut was not complete')
}

async function round(soak: Soak): Promise<void> {
  const begun = monotonicMs()
  const over = () => monotonicMs() - begun > ROUND_MS
  const talks = PROXIES.flatMap((proxy) => Array.from({ length: AT_ONCE }, () => talk(soak, proxy, over)))
  let calm = false
  const ended = Promise.all(talks).then(() => (calm = true))
  await Promise.all(soak.weathers.map((weather) => weather.blow(over)))
  await poll(() => calm || undefined, {
    what: 'every conversation ends once no toxic is left',
    deadlineMs: CALM_MS,
  })
  await ended
}

/** Looks until no more descriptors are open than there may be: a socket is closed a moment after its end was seen. */
const closed = (most: number): Promise<true> =>
  poll(() => descriptors() <= most || undefined, {
    what: `no more than ${most} descriptors are open`,
    deadlineMs: 5000,
    detail: () => `${descriptors()} are`,
  })

async function start(seed: string, problems: string[]): Promise<Soak> {
  const server = await startToxiproxy({
    toxics,
    seed,
    onEvent: (event) => {
      if (event.kind === 'failed') problems.push(`${event.proxy}: ${event.what}: ${event.error}`)
    },
  })
  const talks = new Talks(seed, (text) => problems.push(text))
  const upstream = await talks.listen()
  for (const { name } of PROXIES)
    await fetch(`${server.url}/proxies`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: JSON.stringify({ name, upstream }),
    })
  const weathers = PROXIES.map(
    ({ name, cuts }) => new Weather(`${server.url}/proxies/${name}`, toxics, cuts, seed),
  )
  return { server, talks, weathers, complete: 0, problems }
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

function progress({ talks, complete, weathers }: Soak, ms: number, base: number, grown: number): string {
  const slowest = Math.max(...weathers.map(({ slowestMs }) => slowestMs))
  const changes = weathers.reduce((sum, weather) => sum + weather.changes, 0)
  return [
    `${inSeconds(ms)}: ${talks.begun} conversations, ${complete} of them complete`,
    `${megabytes(talks.checkedBytes)} checked`,
    `${changes} changes, the slowest in ${slowest.toFixed(0)} ms`,
    `heap ${megabytes(base)} + ${megabytes(grown)}`,
    `${descriptors()} descriptors`,
  ].join(', ')
}

/** Rounds until the time is over, or something is wrong. */
async function rounds(soak: Soak, minutes: number): Promise<void> {
  const begun = monotonicMs()
  const { problems } = soak
  let base: { heap: number; descriptors: number } | undefined
  while (!base || (monotonicMs() - begun < minutes * 60_000 && problems.length === 0)) {
    await round(soak)
    base ??= { heap: heap(), descriptors: descriptors() }
    await closed(base.descriptors)
    const grown = heap() - base.heap
    console.log(progress(soak, monotonicMs() - begun, base.heap, grown))
    if (grown > GROWTH) problems.push(`the heap has grown by ${megabytes(grown)}`)
  }
}

/** @param problems gets what was wrong, a line each. */
async function main(minutes: number, seed: string, problems: string[]): Promise<void> {
  console.log(`soak: ${minutes} min, seed ${seed}`)
  // The platform keeps a descriptor of its own from the first listener on.
  await (await startToxiproxy({ toxics, seed })).close()
  const before = descriptors()
  const soak = await start(seed, problems)
  const { weathers, server, talks } = soak
  let last = false
  const [gentle] = PROXIES
  const lasting = Array.from({ length: LASTING }, () =>
    talkWhole(soak, portOf(soak, gentle.name), () => last),
  )
  await rounds(soak, minutes)
  last = true
  await Promise.all(lasting)
  await server.close()
  talks.close()
  await closed(before)
  const seen = new Set(weathers.flatMap(({ types }) => [...types]))
  const unseen = toxics.filter(({ type }) => !seen.has(type)).map(({ type }) => type)
  if (unseen.length > 0) problems.push(`never added: ${unseen.join(', ')}`)
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now()) },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`soak: --minutes must be a number of minutes, not ${values.minutes}`)
  process.exit(2)
}
const problems: string[] = []
await main(minutes, values.seed, problems).catch((error: unknown) => problems.push(messageOf(error)))
for (const problem of problems) console.log(`wrong: ${problem}`)
console.log(`soak: ${problems.length === 0 ? 'ok' : 'failed'}`)
process.exit(problems.length === 0 ? 0 : 1)
