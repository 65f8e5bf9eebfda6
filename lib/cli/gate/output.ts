import { appendJobSummary, writeReport } from '../../report/files.ts'
import { annotations } from '../../report/annotations.ts'
import { finalSummary } from '../../report/console-summary.ts'
import { promiseEnded, stepLine, storyHeading } from '../../report/console.ts'
import type { PromiseResult, ReportDocument, Settings } from '../../report/document.ts'
import type { LaidRun } from '../runs.ts'
import { terminalOf } from '../terminal.ts'

/** Where the gate says what it does: people read standard output, unless that is for the document. */
export interface Output {
  line: (text: string) => void
  step: (what: string, ms: number) => void
  story: (title: string) => void
  /** A promise has begun: shown on a terminal only, until it has ended. */
  begins: (title: string) => void
  promise: (result: PromiseResult) => void
  /** Writes and prints the end; errors of outputs become the document's notes. */
  end(document: ReportDocument, run: LaidRun): Promise<void>
}

/** Carriage return, and ECMA-48's "erase in line". */
const ERASE_LINE = '\r\u001B[K'

export function openOutput(json: boolean, settings: Settings): Output {
  const stream = json ? process.stderr : process.stdout
  const terminal = terminalOf(stream)
  let underWay = ''
  const line = (text: string) => void stream.write(`${underWay === '' ? '' : ERASE_LINE}${text}\n${underWay}`)
  return {
    line,
    step: (what, ms) => line(stepLine({ what, ms }, terminal)),
    story: (title) => line(storyHeading(title, terminal)),
    begins: (title) => {
      if (!stream.isTTY) return
      // One line at most, or it could not be erased.
      underWay = `  … ${title}`.slice(0, terminal.width - 1)
      stream.write(underWay)
    },
    promise: (result) => {
      const ended = promiseEnded(result, settings, terminal)
      stream.write(underWay === '' ? '' : ERASE_LINE)
      underWay = ''
      line(ended)
    },
    end: async (document, { folder, shown }) => {
      const summary = process.env['GITHUB_STEP_SUMMARY']
      document.notes.push(...(await writeReport(folder, document)))
      if (summary) document.notes.push(...(await appendJobSummary(summary, document)))
      if (process.env['GITHUB_ACTIONS'] === 'true')
        for (const annotation of annotations(document)) line(annotation)
      line(finalSummary(document, shown, terminal))
      if (json) process.stdout.write(`${JSON.stringify(document)}\n`)
    },
  }
}
