import { type PromiseResult, type ReportDocument, replayCommand } from './document.ts'
import { explain } from './explain.ts'
import { byPromise, hasFailed, scenarioOf, worstFirst } from './results.ts'
import { clip } from './text.ts'

/** GitHub shows no more errors than this of one step. */
const MOST = 10
const MESSAGE_CHARACTERS = 2_000

/**
 * Failed promises as workflow commands of GitHub Actions, at most ten lines, worst first. Repetitions of one promise
 * make one annotation; where there are more than ten, the tenth says how many.
 */
export function annotations(document: ReportDocument): string[] {
  const failed = byPromise(worstFirst(document.promises.filter(hasFailed)))
  const all = [
    ...document.harnessErrors.map((error) => command({ title: 'Crosswind: harness error' }, error)),
    ...failed.map((repeats) => annotation(repeats, document)),
  ]
  if (all.length <= MOST) return all
  const more = `${all.length - MOST + 1} more errors: see the job summary or report.json`
  return [...all.slice(0, MOST - 1), command({ title: 'Crosswind' }, more)]
}

function annotation(repeats: readonly PromiseResult[], document: ReportDocument): string {
  const [first] = repeats
  if (!first) return ''
  const { suite, promise, status } = first
  const runs = document.promises.filter((one) => scenarioOf(one) === scenarioOf(first)).length
  const often = runs > 1 ? ` in ${repeats.length} of ${runs} runs` : ''
  const why = clip(explain(first).join('\n'), MESSAGE_CHARACTERS)
  return command(
    { title: `${suite}: ${promise} (${status}${often})`, file: first.file ?? `suites/${suite}.suite.ts` },
    `${why}\nreplay: ${replayCommand(document, first)}`,
  )
}

/** `::error title=…,file=…::…`, escaped as the runner's toolkit does it. */
function command(properties: Record<string, string>, message: string): string {
  const told = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`)
  return `::error ${told.join(',')}::${escapeData(message)}`
}

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
