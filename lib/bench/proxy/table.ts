import type { WayName } from './ways.ts'

/** Medians by row, then by way. */
export type Medians = Record<string, Partial<Record<WayName, number>>>

/** A row that must be within what others give; a comparison with one that was left out is not made. */
interface Goal {
  row: string
  text: string
  met: (ours: number, of: (way: WayName) => number) => boolean
}

const PING = 'ping-pong of 256 bytes, p50, µs'
const ADDED = 'added to direct, p50, µs'

const overshoots: Goal[] = [1, 10, 100].flatMap((ms) => [
  ...(['p50', 'p99'] as const).map((share) => ({
    row: `overshoot of ${ms} ms, ${share}, ms`,
    text: "≤ Toxiproxy's",
    met: (ours: number, of: (way: WayName) => number) => ours <= of('Toxiproxy'),
  })),
  { row: `overshoot of ${ms} ms, least, ms`, text: 'never early', met: (ours: number) => ours >= 0 },
])

const rates: Goal[] = [10, 100, 1000, 100_000].flatMap((rate) => [
  { row: `bandwidth of ${rate} KB/s, off by, %`, text: '±2', met: (ours: number) => Math.abs(ours) <= 2 },
  {
    row: `bandwidth of ${rate} KB/s, burst p99, ms worth`,
    text: '≤ 100',
    met: (ours: number) => ours <= 100,
  },
])

/** A `NaN` makes no comparison true; whoever is missing is asked for nowhere else. */
const GOALS: readonly Goal[] = [
  {
    row: ADDED,
    text: "≤ 0.7 × Toxiproxy's, ≤ 1.2 × HAProxy's",
    met: (ours, of) => !(ours > 0.7 * of('Toxiproxy')) && !(ours > 1.2 * of('HAProxy')),
  },
  {
    row: 'one stream, GB/s',
    text: '≥ 1.1 × Toxiproxy',
    met: (ours, of) => ours >= 1.1 * of('Toxiproxy'),
  },
  {
    row: 'processor of one stream, s/GB',
    text: "≤ 0.6 × Toxiproxy's",
    met: (ours, of) => ours <= 0.6 * of('Toxiproxy'),
  },
  {
    row: 'new connections per second',
    text: "≥ Toxiproxy's",
    met: (ours, of) => ours >= of('Toxiproxy'),
  },
  {
    row: 'memory of an idle connection, 1000 to 4000, KiB',
    text: "≤ 0.5 × Toxiproxy's",
    met: (ours, of) => ours <= 0.5 * of('Toxiproxy'),
  },
  { row: 'a toxic changed on 100 stalled lanes, the longest, ms', text: '≤ 100', met: (ours) => ours <= 100 },
  ...overshoots,
  ...rates,
  { row: 'throughput that noop costs, %', text: '≤ 15', met: (ours) => ours <= 15 },
]

/** What a proxy adds to a direct ping-pong, as a row of its own. */
export function withAdded(medians: Medians): Medians {
  const ping = medians[PING]
  const direct = ping?.direct
  if (!ping || direct === undefined) return medians
  const added = Object.fromEntries(
    Object.entries(ping).flatMap(([way, value]) => (way === 'direct' ? [] : [[way, value - direct]])),
  )
  const { [PING]: first, ...rest } = medians
  return { [PING]: first ?? {}, [ADDED]: added, ...rest }
}

export interface Judged {
  row: string
  goal: string
  /** Undefined: the one that it is compared with was left out. */
  met: boolean | undefined
}

export function judge(medians: Medians): Judged[] {
  return GOALS.flatMap(({ row, text, met }) => {
    const values = medians[row]
    if (values?.ours === undefined) return []
    const of = (way: WayName): number => values[way] ?? Number.NaN
    const lacks = /Toxiproxy/.test(text) && values.Toxiproxy === undefined
    return [{ row, goal: text, met: lacks ? undefined : met(values.ours, of) }]
  })
}

/** Markdown, so that it can be put where it is read. */
export function tableOf(medians: Medians, ways: readonly WayName[]): string {
  const goals = new Map(judge(medians).map((judged) => [judged.row, judged]))
  const lines = Object.entries(medians).map(([row, values]) => {
    const judged = goals.get(row)
    const cells = ways.map((way) => numberText(values[way]))
    return [row, ...cells, judged ? `${judged.goal}: ${answerText(judged.met)}` : '']
  })
  const rows = [['', ...ways, 'goal'], ...lines]
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => (column === 0 || column > ways.length ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const [head = [], ...body] = rows.map(line)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}

const answerText = (met: boolean | undefined): string =>
  met === undefined ? 'not compared' : met ? 'yes' : 'NO'

function numberText(value: number | undefined): string {
  if (value === undefined) return ''
  if (value === Infinity) return 'hangs'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}
