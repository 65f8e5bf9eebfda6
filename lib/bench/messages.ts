import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { startToxiproxy } from '../api/server.ts'
import { thisMachine } from '../report/machine.ts'
import { ToxiproxyApi } from '../scenario/toxiproxy.ts'
import { Recorder } from '../scenario/watch/recorder.ts'
import amqpDrop from '../../toxics/amqp_drop.ts'
import { monotonicMs } from '../util/clock.ts'
import { freePort } from '../util/ports.ts'
import { poll } from '../util/poll.ts'
import type { Findings } from './messages/accounting-thread.ts'
import type { Done, Order } from './messages/peer.ts'
import { benchRabbitMq } from './messages/rabbitmq.ts'

const MILLION = 1_000_000
/** Of messages, behind each of which the memory is shown. */
const STEP = 100_000
const PING_ROUNDS = 3000
const STREAM_BYTES = 2 ** 29
const MESSAGES = 60_000
/** Measured in turn so often; medians count. */
const ROUNDS = 3
/** A way to the peer's server: its port, and what it is called. */
interface Way {
  name: 'direct' | 'proxy' | 'proxy + ledger' | '+ toxic armed' | 'Toxiproxy'
  port: number
}

const STREAMS = ['upstream', 'downstream'] as const

/** Looks at every message, and strikes none. */
const IDLE = { type: 'amqp_drop', toxicity: 1, attributes: { call: 'nothing_is_called_so' } }

type Figures = Record<string, Partial<Record<Way['name'], number>>>

/**
 * What reading every message costs: latency, throughput and messages per second of our proxy with the decoders, the
 * journal and the ledger on, also with toxics on messages armed that never match, beside the same proxy without them, a
 * direct connection, and a real Toxiproxy if
 * `$TOXIPROXY_SERVER` names its program. `--millions N` shows the memory while N million messages pass instead; the journal
 * of a million takes 2.3 GB until the end. `--rabbitmq` boots a real RabbitMQ instead, with clients of amqplib.
 */
export async function benchMessages(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      millions: { type: 'string' },
      rabbitmq: { type: 'boolean', default: false },
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'crosswind-bench-'))
  const peer = newPeer()
  const pinger = newPeer()
  try {
    const [[listening]] = (await Promise.all([once(peer, 'message'), once(pinger, 'message')])) as [
      [Done],
      [Done],
    ]
    if (listening.kind !== 'listening') throw new Error('the peer does not listen')
    const ledger = await Recorder.open(join(folder, 'journal.ndjson'), {
      side: 'node',
      retainsWire: false,
      thread: new URL('messages/accounting-thread.ts', import.meta.url),
    })
    // Connections end after all has been measured, and are not journaled.
    await using seeing = await startToxiproxy({
      toxics: [amqpDrop],
      seed: 'bench',
      tap: ledger.watch.tap,
      follows: () => true,
      onEvent: ledger.watch.onEvent,
    })
    await using blind = await startToxiproxy({ toxics: [], seed: 'bench' })
    await using real = await realToxiproxy()
    const lay = async (url: string, port = listening.port, node = 'bench'): Promise<number> => {
      const name = port === listening.port ? `${node}.rabbitmq` : `real-${node}.rabbitmq`
      const api = new ToxiproxyApi(url)
      const listen = await api.createProxy(name, `127.0.0.1:${port}`)
      if (node === 'armed')
        for (const stream of STREAMS) await api.addToxic(name, { ...IDLE, name: stream, stream })
      return Number(listen.split(':').at(-1))
    }
    const waysTo = async (port: number): Promise<Way[]> => [
      { name: 'direct', port },
      { name: 'proxy', port: await lay(blind.url, port) },
      { name: 'proxy + ledger', port: await lay(seeing.url, port) },
      { name: '+ toxic armed', port: await lay(seeing.url, port, 'armed') },
      ...(real ? [{ name: 'Toxiproxy' as const, port: await lay(real.url, port) }] : []),
    ]
    if (values.rabbitmq) {
      await benchRabbitMq(waysTo, (line) => void process.stdout.write(`${line}\n`))
      process.stdout.write(`the ledger: ${(await accounted(ledger)).strays} strays\n`)
      return await ended(ledger)
    }
    if (values.millions !== undefined) {
      await showMemory(peer, await lay(seeing.url), Number(values.millions) * MILLION, ledger)
      return await ended(ledger)
    }
    const ways = await waysTo(listening.port)
    const figures = await measure({ peer, pinger }, ways, ledger)
    const { cpu, cores, memoryGiB, node } = thisMachine()
    const machine = `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ machine, strays: (await accounted(ledger)).strays, figures })}\n`,
      )
    else process.stdout.write(`${machine}; medians of ${ROUNDS}\n${tableOf(figures, ways)}\n`)
    if (!real) process.stderr.write('Toxiproxy was left out: $TOXIPROXY_SERVER names no program\n')
    await ended(ledger)
  } finally {
    await Promise.all([peer.terminate(), pinger.terminate()])
    rmSync(folder, { recursive: true, force: true })
  }
}

const newPeer = (): Worker => new Worker(new URL('messages/peer.ts', import.meta.url))

interface Peers {
  peer: Worker
  pinger: Worker
}

/** Resolves when everything that has passed is accounted for. */
const accounted = async (ledger: Recorder): Promise<Findings> => (await ledger.flush()) as Findings

/** @throws {HarnessError} if the journal could not be written. */
async function ended(ledger: Recorder): Promise<void> {
  await ledger.close()
  if (ledger.error) throw ledger.error
}

async function ask<K extends Order['kind']>(
  peer: Worker,
  order: Extract<Order, { kind: K }>,
): Promise<Extract<Done, { kind: K }>> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window.
  peer.postMessage(order)
  const [done] = (await once(peer, 'message')) as [Extract<Done, { kind: K }>]
  return done
}

/** All ways in turn, so that the machine's moods strike them alike. */
async function measure({ peer, pinger }: Peers, ways: readonly Way[], ledger: Recorder): Promise<Figures> {
  const samples = new Map<string, number[]>()
  const note = (figure: string, way: Way, value: number): void => {
    const key = `${figure}|${way.name}`
    samples.set(key, [...(samples.get(key) ?? []), value])
  }
  let from = 0
  for (let round = 0; round < ROUNDS; round += 1)
    for (const way of ways) {
      const { port, name } = way
      process.stderr.write(`round ${round + 1} of ${ROUNDS}: ${name}\n`)
      await ask(peer, { kind: 'echo' })
      const { microseconds } = await ask(pinger, { kind: 'ping', port, rounds: PING_ROUNDS })
      const sorted = microseconds.toSorted((a, b) => a - b)
      note('ping-pong of 256 bytes, p50, µs', way, at(sorted, 0.5))
      note('ping-pong of 256 bytes, p99, µs', way, at(sorted, 0.99))
      const stream = await timed(peer, { kind: 'stream', port, bytes: STREAM_BYTES }, ledger)
      note('one stream of 4 KiB frames, GB/s', way, STREAM_BYTES / stream / 1e6)
      const messages = await timed(peer, { kind: 'messages', port, from, count: MESSAGES }, ledger)
      note('messages (publish, confirm, delivery, ack) per second', way, (MESSAGES / messages) * 1000)
      from += MESSAGES
    }
  const figures: Figures = {}
  for (const [key, values] of samples) {
    const [figure = '', name = ''] = key.split('|')
    figures[figure] = {
      ...figures[figure],
      [name]: at(
        values.toSorted((a, b) => a - b),
        0.5,
      ),
    }
  }
  return figures
}

/** Milliseconds until everything has passed, and until all that was seen of it is accounted for. */
async function timed(
  peer: Worker,
  order: Extract<Order, { kind: 'stream' | 'messages' }>,
  ledger: Recorder,
): Promise<number> {
  const { ms } = await ask(peer, order)
  const passed = monotonicMs()
  await accounted(ledger)
  return ms + monotonicMs() - passed
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

function tableOf(figures: Figures, ways: readonly Way[]): string {
  const rows = Object.entries(figures).map(([figure, values]) => [
    figure.padEnd(56),
    ...ways.map(({ name }) =>
      (values[name] ?? Number.NaN).toFixed(figure.includes('GB') ? 2 : 0).padStart(15),
    ),
  ])
  const head = [''.padEnd(56), ...ways.map(({ name }) => name.padStart(15))]
  const ping = figures['ping-pong of 256 bytes, p50, µs'] ?? {}
  const added = (name: Way['name']): number => (ping[name] ?? Number.NaN) - (ping.direct ?? Number.NaN)
  const perSecond = figures['messages (publish, confirm, delivery, ack) per second'] ?? {}
  const armed = (
    (perSecond['+ toxic armed'] ?? Number.NaN) / (perSecond['proxy + ledger'] ?? Number.NaN)
  ).toFixed(2)
  const ratio = (added('proxy + ledger') / added('Toxiproxy')).toFixed(2)
  return [
    ...[head, ...rows].map((cells) => cells.join('')),
    `added p50 with the ledger ÷ Toxiproxy's: ${ratio} (goal 0.7)`,
    `messages per second with a toxic armed ÷ without: ${armed} (goal 0.9)`,
  ].join('\n')
}

/** Heaps after collection where it can be asked for (`--expose-gc`), and the process's memory. */
async function showMemory(peer: Worker, port: number, messages: number, ledger: Recorder): Promise<void> {
  for (let from = 0; from < messages; from += STEP) {
    const count = Math.min(STEP, messages - from)
    const ms = await timed(peer, { kind: 'messages', port, from, count }, ledger)
    const { forgotten, strays, heap } = await accounted(ledger)
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    const [own, ledgers, all] = [heapUsed, heap, rss].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`)
    process.stdout.write(
      `${((from + count) / MILLION).toFixed(1)} million messages: heap ${own} and the ledger's ${ledgers}, rss ${all}, ${Math.round((count / ms) * 1000)}/s, ${forgotten} forgotten, ${strays} strays\n`,
    )
  }
}

/** A real Toxiproxy of our own, if there is a program. */
async function realToxiproxy(): Promise<({ url: string } & AsyncDisposable) | undefined> {
  const program = process.env['TOXIPROXY_SERVER']
  if (!program) return undefined
  const port = await freePort()
  const server = spawn(program, ['-port', String(port)], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const api = new ToxiproxyApi(url)
  await poll(async () => (await api.version().catch(() => undefined)) ?? undefined, {
    what: 'Toxiproxy answers',
    deadlineMs: 5000,
  })
  const end = async (): Promise<void> => {
    const gone = once(server, 'exit')
    server.kill()
    await gone
  }
  return { url, [Symbol.asyncDispose]: end }
}
