import type { Listed } from '../ledger/messages/listing.ts'
import { paint, type Terminal } from '../report/console.ts'

/** Enough of an id to tell it from its neighbours. */
export const shortId = (id: string): string => id.slice(0, 8)

/** `12.345 s` */
export const timeOf = (at: number): string => `${(at / 1000).toFixed(3)} s`

/** `action 5b1c09aa` */
function aboutText({ workflow, task, action, actions }: Listed['call']): string {
  if (action !== undefined) return `action ${shortId(action)}`
  if (task !== undefined) return `task ${shortId(task)}`
  if (workflow !== undefined) return `execution ${shortId(workflow)}`
  return actions === undefined ? '' : `${actions.length} actions`
}

const sizeText = (bytes: number): string => (bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1000)} KB`)

/** What was done to a message on its way. */
export const strikesText = (strikes: Listed['strikes'], terminal: Terminal): string =>
  paint(terminal, 'yellow', `(${strikes.map(({ text }) => text).join('; ')})`)

/** `  12.345 s  engine-1 → executor-2  run_action  action 5b1c09aa  1204 B  done` */
export function messageLine(message: Listed, terminal: Terminal): string {
  const { at, from, to, what, call, size, fate, broken, strikes } = message
  const way = `${from ?? '?'} → ${to.join(', ')}`
  const line = [
    timeOf(at).padStart(11),
    way.padEnd(28),
    what.padEnd(24),
    aboutText(call).padEnd(19),
    sizeText(size).padStart(7),
    broken ? paint(terminal, 'red', fate) : fate,
    ...(strikes.length > 0 ? [strikesText(strikes, terminal)] : []),
  ]
  return line.join('  ').trimEnd()
}
