import type { Names, Step, Trace } from '../ledger/messages/trace.ts'
import { paint, type Terminal } from '../report/console.ts'
import { plain, plural } from '../report/text.ts'
import { shortId, strikesText, timeOf } from './message-lines.ts'

/** An execution's story, one step a line, with the time since the step before. */
export function traceLines(trace: Trace, journal: string, terminal: Terminal): string[] {
  const { execution, workflow, steps, names } = trace
  const head = `execution ${execution}${workflow === undefined ? '' : ` (${workflow})`}, from ${journal}`
  let before = steps[0]?.at ?? 0
  const lines = steps.flatMap((step) => {
    const since = step.at - before
    before = step.at
    const [line = '', ...more] = stepLines(step, names, terminal)
    return [
      `${timeOf(step.at).padStart(11)}  ${sinceText(since).padStart(9)}  ${line}`,
      ...more.map((text) => `${' '.repeat(26)}${text}`),
    ].map(plain)
  })
  const broken = steps.filter((step) => step.kind === 'message' && step.message.broken).length
  return [
    head,
    '',
    ...lines,
    '',
    `${plural(steps.length, 'step')}, ${plural(broken, 'message')} lost or done more than once`,
  ]
}

const sinceText = (ms: number): string =>
  ms < 1000 ? `+${ms.toFixed(0)} ms` : `+${(ms / 1000).toFixed(1)} s`

function stepLines(step: Step, names: Names, terminal: Terminal): string[] {
  switch (step.kind) {
    case 'message': {
      const { from, to, what, call, fate, broken, strikes } = step.message
      const id = call.action ?? call.task ?? call.workflow
      const about = id === undefined ? '' : ` ${names.get(id) ?? ''} (${shortId(id)})`.replace('  ', ' ')
      const line = `${from ?? '?'} → ${to.join(', ')}  ${what}${about}  ${fate}`
      const struck = strikes.length > 0 ? `  ${strikesText(strikes, terminal)}` : ''
      return broken ? [`${paint(terminal, 'red', line)}${struck}`, ...step.evidence] : [`${line}${struck}`]
    }
    case 'transaction': {
      const { node, outcome, touched, statements, sqlstate } = step
      const why = sqlstate === undefined ? '' : ` (${sqlstate})`
      const wrote = touched.length > 0 ? touched.join(', ') : plural(statements, 'statement')
      return [paint(terminal, 'dim', `${node} ${outcome}${why}  ${wrote}`)]
    }
    case 'effect':
      return [
        `effect ${step.effect} of ${step.task}${step.item > 0 ? `[${step.item}]` : ''} (attempt ${shortId(step.attempt)})`,
      ]
    case 'state':
      return [
        `${step.object} (${shortId(step.id)})  ${step.from === undefined ? '' : `${step.from} → `}${step.to}`,
      ]
    case 'fault':
      return [paint(terminal, 'yellow', `fault ${step.text} ${step.begun ? 'begins' : 'ends'}`)]
    case 'node':
      return [paint(terminal, 'yellow', step.text)]
  }
}
