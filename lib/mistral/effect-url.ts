/**
 * The URL that an action calls to show that it ran, one per execution, root, task, item and attempt:
 *
 *     http://127.0.0.1:PORT/effects/EXECUTION/ROOT/TASK/ITEM/ATTEMPT
 *
 * Mistral evaluates ATTEMPT, a `uuid()`, once per action execution and keeps the URL as the action's input: an
 * action that runs twice brings the same mark twice, a retry brings a new one.
 */
export const EFFECTS_PATH = '/effects'

/** Whom an effect belongs to. */
export interface EffectAddress {
  execution: string
  /** The execution that was started by us; the same as `execution` outside sub-workflows. */
  root: string
  task: string
  /** The with-items index; 0 for a task without items. */
  item: number
  attempt: string
}

/**
 * The URL's template in YAQL. Each workflow gets `effects` (http://…/effects) and `root` as inputs. `execution().id`
 * would not do: Mistral caches it per transaction, whatever the workflow, so that sub-workflows that are started in
 * one transaction all get the first one's id (`tx_cached` in expressions/std_functions.py; seen on 15.0.0, and
 * unchanged in 23.0.0). What it would look up is in the context.
 */
export const effectTemplate = (task: string, withItems: boolean): string =>
  [
    '<% $.effects %>',
    "<% $.get('__execution').id %>",
    '<% $.root %>',
    task,
    withItems ? '<% $.i %>' : '0',
    '<% uuid() %>',
  ].join('/')

/** Reads an effect's URL or its path; undefined if it is none. */
export function readEffectUrl(url: string): EffectAddress | undefined {
  const path = URL.parse(url, 'http://127.0.0.1')?.pathname
  if (!path?.startsWith(`${EFFECTS_PATH}/`)) return undefined
  const parts = path.slice(EFFECTS_PATH.length + 1).split('/')
  const [execution, root, task, item, attempt] = parts
  if (!execution || !root || !task || !item || !attempt || parts.length !== 5) return undefined
  if (!/^\d+$/.test(item)) return undefined
  return { execution, root, task, item: Number(item), attempt }
}
