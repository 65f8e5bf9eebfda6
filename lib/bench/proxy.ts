import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { thisMachine } from '../report/machine.ts'
import { UsageError } from '../util/errors.ts'
import { unknownWord } from '../util/nearest.ts'
import { at, figures, type Figure } from './proxy/figures.ts'
import { judge, tableOf, withAdded, type Medians } from './proxy/table.ts'
import { availableWays, type Launch, type Way, type WayName } from './proxy/ways.ts'

/**
 * Our proxy beside a direct connection, a bare pipe in Node, HAProxy and a real Toxiproxy (`$TOXIPROXY_SERVER` or
 * `toxiproxy-server` on PATH), interleaved, each in a process of its own. `--only NAME[,NAME]` picks figures,
 * `--rounds N` is for a quick look, `--json` is for programs.
 */
export async function benchProxy(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
    },
  })
  const chosen = chosenFigures(values.only)
  const rounds = roundsOf(values.rounds)
  const { ways, missing } = availableWays()
  const service = new Worker(new URL('proxy/service.ts', import.meta.url))
  try {
    const [port] = (await once(service, 'message')) as [number]
    const medians = withAdded(await measure(chosen, ways, port, rounds))
    const { cpu, cores, memoryGiB, node } = thisMachine()
    const machine = `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`
    const report = { machine, medians, goals: judge(medians) }
    process.stdout.write(
      values.json
        ? `${JSON.stringify(report)}\n`
        : `${machine}; medians\n\n${tableOf(
            medians,
            ways.map(({ name }) => name),
          )}\n`,
    )
    for (const line of missing) process.stderr.write(`${line}\n`)
  } finally {
    await service.terminate()
  }
}

function chosenFigures(only: string | undefined): readonly Figure[] {
  if (only === undefined) return figures
  const names = figures.map(({ name }) => name)
  return only.split(',').map((name) => {
    const figure = figures.find((one) => one.name === name)
    if (!figure) throw unknownWord('figure', name, names)
    return figure
  })
}

function roundsOf(text: string | undefined): number {
  const rounds = text === undefined ? Infinity : Number(text)
  if (rounds >= 1) return rounds
  throw new UsageError(`--rounds takes a number from 1 on, not ${text}`)
}

/** All ways in turn, so that the machine's moods strike them alike. */
async function measure(
  chosen: readonly Figure[],
  launches: readonly Launch[],
  service: number,
  most: number,
): Promise<Medians> {
  await using stack = new AsyncDisposableStack()
  const shared = new Map<WayName, Way>()
  for (const launch of launches) shared.set(launch.name, stack.use(await launch.open(service)))
  const samples: Record<string, Partial<Record<WayName, number[]>>> = {}
  for (const figure of chosen)
    for (let round = 0; round < Math.min(figure.rounds, most); round += 1)
      for (const launch of launches) {
        const way = shared.get(launch.name)
        if (!way || !applies(figure, way)) continue
        process.stderr.write(`${figure.name}, round ${round + 1} of ${figure.rounds}: ${way.name}\n`)
        const values = figure.fresh ? await onFresh(figure, launch, service) : await figure.measure(way)
        for (const [row, value] of Object.entries(values))
          ((samples[row] ??= {})[way.name] ??= []).push(value)
      }
  return Object.fromEntries(
    Object.entries(samples).map(([row, byWay]) => [
      row,
      Object.fromEntries(Object.entries(byWay).map(([way, numbers]) => [way, at(numbers, 0.5)])),
    ]),
  )
}

const applies = ({ only }: Figure, { pid, admin }: Way): boolean =>
  only === undefined || (only === 'proxies' ? pid !== undefined : admin !== undefined)

async function onFresh(figure: Figure, launch: Launch, service: number): Promise<Record<string, number>> {
  await using way = await launch.open(service)
  return await figure.measure(way)
}
