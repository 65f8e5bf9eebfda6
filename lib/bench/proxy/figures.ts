/** What is measured, each figure on its own; a row of the table is one of the values that a figure gives. */
import { setTimeout as pause } from 'node:timers/promises'
import { connections, fill, http, openMany, paced, pingPong, stream, underWay } from './client.ts'
import { cpuMs, residentKiB } from './process.ts'
import type { Way } from './ways.ts'

export interface Figure {
  /** What `--only` takes. */
  name: string
  /** Of all ways in turn; medians count. */
  rounds: number
  /** Without: every way. */
  only?: 'proxies' | 'with toxics'
  /** Each time on a way that has just been opened, and is not used again. */
  fresh?: boolean
  measure(way: Way): Promise<Record<string, number>>
}

const STREAM_BYTES = 2 ** 30
const GIGA = 1e9

export const at = (numbers: readonly number[], share: number): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const figures: readonly Figure[] = [
  {
    name: 'ping',
    rounds: 5,
    async measure({ port }) {
      await pingPong(port, 256, 2000)
      const times = await pingPong(port, 256, 3000)
      return { 'ping-pong of 256 bytes, p50, µs': at(times, 0.5), 'the same, p99, µs': at(times, 0.99) }
    },
  },
  {
    name: 'stream',
    rounds: 3,
    async measure({ port, pid }) {
      const before = pid === undefined ? Number.NaN : cpuMs(pid)
      const one = await stream(port, STREAM_BYTES, 1)
      const used = pid === undefined ? Number.NaN : cpuMs(pid) - before
      const four = await stream(port, STREAM_BYTES, 4)
      return {
        'one stream, GB/s': STREAM_BYTES / one / 1e6,
        'four streams, GB/s': STREAM_BYTES / four / 1e6,
        ...(pid !== undefined && { 'processor of one stream, s/GB': (used / 1000 / STREAM_BYTES) * GIGA }),
      }
    },
  },
  {
    name: 'connections',
    rounds: 5,
    async measure({ port }) {
      return { 'new connections per second': await connections(port, 16, 800) }
    },
  },
  {
    name: 'http',
    rounds: 3,
    async measure({ port }) {
      const values: Record<string, number> = {}
      for (const [size, what] of [
        [64, '64 B'],
        [2 ** 16, '64 KiB'],
      ] as const)
        for (const count of [1, 50])
          values[`HTTP of ${what}, ${count} connection${count > 1 ? 's' : ''}, per second`] = await http(
            port,
            size,
            count,
            400,
          )
      return values
    },
  },
  {
    name: 'memory',
    rounds: 1,
    only: 'proxies',
    fresh: true,
    async measure({ port, pid = 0 }) {
      const first = await openMany(port, 'e', 1000)
      await pause(500)
      const before = residentKiB(pid)
      const more = await openMany(port, 'e', 3000)
      await pause(500)
      const after = residentKiB(pid)
      for (const socket of [...first, ...more]) socket.destroy()
      return { 'memory of an idle connection, 1000 to 4000, KiB': (after - before) / 3000 }
    },
  },
  {
    name: 'change',
    rounds: 1,
    only: 'with toxics',
    fresh: true,
    async measure({ port, admin }) {
      const sockets = await openMany(port, 'e', 1000)
      const [adds, removes]: [number[], number[]] = [[], []]
      for (let n = 0; n < 7; n += 1) {
        adds.push(
          await timed(() => admin?.add({ name: 'slow', type: 'latency', attributes: { latency: 10 } })),
        )
        removes.push(await timed(() => admin?.remove('slow')))
      }
      for (const socket of sockets) socket.destroy()
      return {
        'a toxic put on 1000 live connections, ms': at(adds, 0.5),
        'a toxic taken off them, ms': at(removes, 0.5),
      }
    },
  },
  {
    name: 'stalled',
    rounds: 1,
    only: 'with toxics',
    fresh: true,
    async measure({ port, pid = 0, admin }) {
      const sockets = await openMany(port, 'x', 100)
      await admin?.add({
        name: 'slow',
        type: 'latency',
        stream: 'upstream',
        attributes: { latency: 600_000 },
      })
      await fill(sockets, 2 ** 21)
      for (let before = -1; before < cpuMs(pid); await pause(300)) before = cpuMs(pid)
      const bandwidth = {
        name: 'narrow',
        type: 'bandwidth',
        stream: 'upstream',
        attributes: { rate: 1 },
      } as const
      let longest = 0
      for (const change of [
        () => admin?.add(bandwidth),
        () => admin?.update('slow', { latency: 300_000 }),
        () => admin?.update('narrow', { rate: 2 }),
        () => admin?.remove('slow'),
        () => admin?.remove('narrow'),
      ])
        if (longest < Infinity) longest = Math.max(longest, await timed(change).catch(() => Infinity))
      for (const socket of sockets) socket.destroy()
      return { 'a toxic changed on 100 stalled lanes, the longest, ms': longest }
    },
  },
  {
    name: 'latency',
    rounds: 5,
    only: 'with toxics',
    async measure({ port, admin }) {
      const values: Record<string, number> = {}
      for (const [latency, count, rounds] of [
        [1, 4, 150],
        [10, 8, 60],
        [100, 40, 10],
      ] as const) {
        await admin?.add({ name: 'slow', type: 'latency', attributes: { latency } })
        const over = (await underWay(port, count, rounds, latency)).map((ms) => ms - latency)
        await admin?.remove('slow')
        values[`overshoot of ${latency} ms, p50, ms`] = at(over, 0.5)
        values[`overshoot of ${latency} ms, p99, ms`] = at(over, 0.99)
        values[`overshoot of ${latency} ms, least, ms`] = at(over, 0)
      }
      return values
    },
  },
  {
    name: 'bandwidth',
    rounds: 2,
    only: 'with toxics',
    async measure({ port, admin }) {
      const values: Record<string, number> = {}
      for (const [rate, ms] of [
        [10, 2500],
        [100, 1500],
        [1000, 1500],
        [100_000, 1500],
      ] as const) {
        await admin?.add({ name: 'narrow', type: 'bandwidth', attributes: { rate } })
        const { rate: real, arrivals } = await paced(port, rate * ms)
        await admin?.remove('narrow')
        values[`bandwidth of ${rate} KB/s, off by, %`] = (real / rate - 1) * 100
        values[`bandwidth of ${rate} KB/s, burst p99, ms worth`] = at(arrivals, 0.99) / rate
      }
      return values
    },
  },
  {
    name: 'noop',
    rounds: 3,
    only: 'with toxics',
    async measure({ port, admin }) {
      const without = await stream(port, STREAM_BYTES / 2, 1)
      await admin?.add({ name: 'nothing', type: 'noop', stream: 'upstream' })
      const withOne = await stream(port, STREAM_BYTES / 2, 1)
      await admin?.remove('nothing')
      return { 'throughput that noop costs, %': (1 - without / withOne) * 100 }
    },
  },
]

async function timed(work: () => Promise<unknown> | undefined): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}
