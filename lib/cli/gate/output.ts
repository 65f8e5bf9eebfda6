import { appendJobSummary, writeReport } from '../../report/files.ts'
import { annotations } from '../../report/annotations.ts'
import { finalSummary } from '../../report/console-summary.ts'
import { promiseEnded, stepLine, storyHeading } from '../../report/console.ts'
import type { PromiseResult, ReportDocument, Settings } from '../../report/document.ts'
import { terminalOf } from '../terminal.ts'

/** Where the gate says what it does: people read standard output, unless that is for the document. */
export interface Output {
  line: (text: string) => void
  step: (what: string, ms: number) => void
  story: (title: string) => void
  promise: (result: PromiseResult) => void
  /** Writes and prints the end; errors of outputs become the document's notes. */
  end(document: ReportDocument, folder: string): Promise<void>
}

export function openOutput(json: boolean, settings: Settings): Output {
  const stream = json ? process.stderr : process.stdout
  const terminal = terminalOf(stream)
  const line = (text: string) => void stream.write(`${text}\n`)
  return {
    line,
    step: (what, ms) => line(stepLine({ what, ms }, terminal)),
    story: (title) => line(storyHeading(title, terminal)),
    promise: (result) => line(promiseEnded(result, settings, terminal)),
    end: async (document, folder) => {
      const summary = process.env['GITHUB_STEP_SUMMARY']
      document.notes.push(...(await writeReport(folder, document)))
      if (summary) document.notes.push(...(await appendJobSummary(summary, document)))
      if (process.env['GITHUB_ACTIONS'] === 'true')
        for (const annotation of annotations(document)) line(annotation)
      line(finalSummary(document, folder, terminal))
      if (json) process.stdout.write(`${JSON.stringify(document)}\n`)
    },
  }
}
