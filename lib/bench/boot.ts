import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEBIAN_PYTHON } from '../cluster/programs.ts'
import { spreadOf } from '../report/spread.ts'
import { thisMachine } from '../report/machine.ts'
import { cleanState } from '../scenario/clean.ts'
import { openSession } from '../scenario/session.ts'
import { monotonicMs } from '../util/clock.ts'

const RUNS = 5

const round = (ms: number): string => (ms / 1000).toFixed(2)

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = monotonicMs()
  await work()
  return monotonicMs() - begun
}

/** One cluster of 1 + 2 + 2: up, cleaned as between two promises that hurt no node, and down. */
async function once(run: number): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'crosswind-bench-'))
  const steps: Record<string, number> = {}
  try {
    const begun = monotonicMs()
    const session = await openSession({
      name: `bench${run}`,
      sizes: { api: 1, engine: 2, executor: 2 },
      rpc: 'oslo',
      seed: 'bench',
      python: process.env['CROSSWIND_MISTRAL_PYTHON'] || DEBIAN_PYTHON,
      folder,
      run: `bench-${run}`,
      replay: 'npm run bench -- boot',
      onStep: () => {},
    })
    steps['up, every node answers'] = monotonicMs() - begun
    steps['clean state'] = await timed(() => cleanState(session))
    steps['down'] = await timed(async () => session[Symbol.asyncDispose]())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return steps
}

/** How long a cluster of 1 api, 2 engines and 2 executors takes to be up, clean and down; the schema is cached. */
export async function benchBoot(): Promise<void> {
  const { cpu, cores, memoryGiB, node } = thisMachine()
  process.stdout.write(
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}; ${RUNS} runs after one that fills the caches\n`,
  )
  await once(0)
  const rows: Record<string, number>[] = []
  for (let run = 1; run <= RUNS; run += 1) {
    rows.push(await once(run))
    process.stdout.write(
      `  run ${run}: ${Object.entries(rows.at(-1) ?? {})
        .map(([what, ms]) => `${what} ${round(ms)} s`)
        .join(', ')}\n`,
    )
  }
  for (const what of Object.keys(rows[0] ?? {})) {
    const spread = spreadOf(rows.map((row) => row[what] ?? 0))
    if (spread)
      process.stdout.write(
        `${what}: median ${round(spread.median)} s (${round(spread.min)} to ${round(spread.max)})\n`,
      )
  }
}
