import { stringify } from 'yaml'
import { effectTemplate } from '../effect-url.ts'
import type { GraphTask, TaskPlan, TaskPlans, Work, WorkflowGraph } from './definition.ts'

/** Between two attempts of one item. */
const RETRY_DELAY_SECONDS = 1

/** A held effect must not end by the action's own time limit; suites hold for well under a minute. */
const HTTP_TIMEOUT_SECONDS = 120

/** The inputs of a workflow whose actions call the effects endpoint. */
const EFFECT_INPUTS = ['effects', 'root']

/** A workflow in Mistral's DSL v2, and its graph, both from the same plans. */
export function render(name: string, plans: TaskPlans, work: Work): { yaml: string; graph: WorkflowGraph } {
  const entries = Object.entries(plans)
  const successors = (task: string): string[] =>
    entries.filter(([, { after = [] }]) => after.includes(task)).map(([next]) => next)
  const workflow = {
    ...(work.action === 'effect' ? { input: EFFECT_INPUTS } : {}),
    tasks: Object.fromEntries(
      entries.map(([task, plan]) => [task, dslTask(task, plan, work, successors(task))]),
    ),
  }
  const graph = { tasks: Object.fromEntries(entries.map(([task, plan]) => [task, graphTask(plan, work)])) }
  return { yaml: stringify({ version: '2.0', [name]: workflow }, { lineWidth: 0 }), graph }
}

function dslTask(task: string, plan: TaskPlan, work: Work, next: string[]): Record<string, unknown> {
  const { items, join, workflow } = plan
  return {
    ...(join ? { join: 'all' } : {}),
    // The element is its index, which the effect's URL names.
    ...(items === undefined ? {} : { 'with-items': `i in <% range(0, ${items}) %>` }),
    ...(workflow ? dslSubWorkflow(workflow.name, work) : dslAction(task, items !== undefined, work)),
    ...(work.retries > 0 ? { retry: { count: work.retries, delay: RETRY_DELAY_SECONDS } } : {}),
    ...(next.length > 0 ? { 'on-success': next } : {}),
  }
}

function dslAction(task: string, withItems: boolean, { action, seconds }: Work): Record<string, unknown> {
  switch (action) {
    case 'noop':
      return { action: 'std.noop' }
    case 'sleep':
      return { action: 'std.sleep', input: { seconds } }
    case 'effect':
      // POST, since it has an effect: whoever stands between must not repeat it. A status from 307 on is an ERROR.
      return {
        action: 'std.http',
        input: { url: effectTemplate(task, withItems), method: 'POST', timeout: HTTP_TIMEOUT_SECONDS },
      }
  }
}

const dslSubWorkflow = (name: string, { action }: Work): Record<string, unknown> => ({
  workflow: name,
  ...(action === 'effect'
    ? { input: Object.fromEntries(EFFECT_INPUTS.map((input) => [input, `<% $.${input} %>`])) }
    : {}),
})

const ACTION_NAMES = { noop: 'std.noop', sleep: 'std.sleep', effect: 'std.http' }

function graphTask({ after = [], items, workflow }: TaskPlan, { action, retries }: Work): GraphTask {
  return {
    after,
    runs: workflow ? 'workflow' : 'action',
    name: workflow ? workflow.name : ACTION_NAMES[action],
    ...(items === undefined ? {} : { items }),
    effect: !workflow && action === 'effect',
    retries,
  }
}
