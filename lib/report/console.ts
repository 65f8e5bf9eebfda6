import { styleText } from 'node:util'
import type { PromiseResult, ReportDocument, Settings, Status } from './document.ts'
import { replayCommand } from './document.ts'
import { explain } from './explain.ts'
import { isLeftOut, recoveriesFrom, whyLeftOut } from './results.ts'
import { duration, oneLine, wrap } from './text.ts'
import { spreadOf, spreadText } from './spread.ts'

/** Where the text goes; the caller decides. A plain log has `colour: false` and `width: Infinity`. */
export interface Terminal {
  colour: boolean
  /** In columns; lines are broken at spaces, ids never. */
  width: number
}

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold'

const MARKS: Record<Status, { mark: string; colour: Colour }> = {
  kept: { mark: '✓', colour: 'green' },
  broken: { mark: '✗', colour: 'red' },
  unknown: { mark: '?', colour: 'yellow' },
  harness: { mark: '!', colour: 'yellow' },
  'not applicable': { mark: '–', colour: 'dim' },
  skipped: { mark: '–', colour: 'yellow' },
}

/** A status in one character. */
export const markOf = (status: Status): string => MARKS[status].mark

/** The same in its colour. */
export const paintedMark = (status: Status, terminal: Terminal): string =>
  paint(terminal, MARKS[status].colour, MARKS[status].mark)

// Without `validateStream: false` styleText would look at our own stdout, which may not be where this goes.
export const paint = (terminal: Terminal, colour: Colour, text: string): string =>
  terminal.colour ? styleText(colour, text, { validateStream: false }) : text

/** One step of the boot: `  ✓ rabbitmq  4.9 s`. */
export const stepLine = ({ what, ms }: ReportDocument['steps'][number], terminal: Terminal): string =>
  `  ${paint(terminal, 'green', '✓')} ${oneLine(what)}  ${duration(ms)}`

/** The heading of a story, with an empty line above. */
export const storyHeading = (story: string, terminal: Terminal): string =>
  `\n${paint(terminal, 'bold', indented([oneLine(story)], 0, terminal).join('\n'))}`

/**
 * A promise that has ended: one line, and for one that failed why, with ids, states, log lines and the command that
 * replays it.
 */
export function promiseEnded(promise: PromiseResult, settings: Settings, terminal: Terminal): string {
  const line = promiseLine(promise, terminal)
  const { status, notes } = promise
  if (status === 'kept') return [line, ...indented(notes.map(noteLine), 6, terminal)].join('\n')
  if (isLeftOut(promise)) return line
  // The command is not broken at the terminal's width: it is there to be copied.
  return [
    line,
    ...indented(explain(promise), 6, terminal),
    inert(`      replay: ${oneLine(replayCommand(settings, promise))}`),
  ].join('\n')
}

const noteLine = (note: string): string => `note: ${oneLine(note)}`

/** `  ✓ loses no message   recovered 2.1–8.4 s (median 3.0)  24.3 s`; on two lines where one is too narrow. */
function promiseLine(promise: PromiseResult, terminal: Terminal): string {
  const mark = markOf(promise.status)
  const title = oneLine(promise.promise) + (promise.repeat > 1 ? ` @${promise.repeat}` : '')
  const details = detailsOf(promise).map(oneLine)
  const detail = [details.join('; '), duration(promise.durationMs)].filter((part) => part !== '').join('  ')
  const whole = `  ${mark} ${title}   ${detail}`
  const lines =
    whole.length <= terminal.width
      ? [whole]
      : [`  ${mark} ${title}`, `    ${detail}`].flatMap((line) => wrap(line, terminal.width))
  return lines.map(inert).join('\n').replace(mark, paintedMark(promise.status, terminal))
}

function detailsOf(promise: PromiseResult): string[] {
  const { status, gap, verdict } = promise
  if (isLeftOut(promise)) return [`${status}: ${whyLeftOut(promise)}`]
  const word = status === 'kept' ? [] : [status === 'harness' ? 'harness error' : status]
  const known = gap
    ? {
        open: [`known gap ${gap.name}, broke as known`],
        closed: [`known gap ${gap.name} has closed`],
        'may break': [
          `known gap ${gap.name}, ${verdict?.outcome === 'valid' ? 'held this time' : 'broke this time'}`,
        ],
      }[gap.state]
    : []
  return [...word, ...known, ...recoveryTexts(verdict?.faults ?? [])]
}

/** `recovered 2.1–8.4 s (median 3.0)`, one for each fault that something recovered from. */
export const recoveryTexts = (faults: Parameters<typeof recoveriesFrom>[0]): string[] =>
  faults.flatMap((fault) => {
    const spread = spreadOf(recoveriesFrom([fault]))
    return spread ? [`recovered ${spreadText(spread)}`] : []
  })

/** Lines moved to the right by so many columns, broken at the terminal's width. */
export const indented = (lines: readonly string[], columns: number, { width }: Terminal): string[] =>
  lines.flatMap((line) => wrap(`${' '.repeat(columns)}${line}`, width)).map(inert)

/** GitHub's runner obeys a line that begins with `::`, or that has `##[`; text of others must not command it. */
const inert = (line: string): string => line.replace(/^(\s*):(?=:)/, '$1: ').replaceAll('##[', '## [')
