import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { MistralDatabase } from '../mistral/database.ts'
import { MistralRest, RestError } from '../mistral/rest.ts'
import type { Rows } from '../mistral/rows.ts'
import { effectsInput, type WorkflowDefinition } from '../mistral/workflows/index.ts'
import { paint, type Terminal } from '../report/console.ts'
import { DATABASE } from '../cluster/postgres.ts'
import { monotonicMs } from '../util/clock.ts'
import { HarnessError } from '../util/errors.ts'
import { isTerminal } from '../util/states.ts'
import { apiUrl, chooseLiving } from './clusters.ts'
import { listenForInterrupts } from './interrupts.ts'
import { terminalOf } from './terminal.ts'

const LOOK_EVERY_MS = 150
/** A start without an answer may still have begun; by then Mistral's own time-out of 10 s has long passed. */
const BEGIN_LIMIT_MS = 30_000
/** Longer than any pause of a healthy cluster: whoever follows may want to know why. */
const STILL_MS = 20_000

/** How an execution ended. */
interface Ended {
  execution: string
  workflow: string
  state: string
  seconds: number
  info: string | null
}

/**
 * Starts a workflow on a running cluster and tells each change of its tasks until every execution is terminal. The
 * database tells, directly: what the links of the api do to its answers does not matter.
 * @returns 0 if every execution ended in SUCCESS, 1 if not, 130 if somebody stopped following.
 */
export async function runWorkflow(
  definitions: readonly WorkflowDefinition[],
  times: number,
  cluster: string | undefined,
  json: boolean,
): Promise<number> {
  const { state } = chooseLiving(cluster)
  const [api, port, effects] = [apiUrl(state), state.processes['postgres']?.port, state.urls.effects]
  if (api === undefined) throw new HarnessError(`${state.id} has no api node: npm run crosswind -- start api`)
  if (port === undefined || effects === undefined) throw new HarnessError(`${state.id} is still booting`)
  const follower = new Follower(json, times > 1)
  await using database = new MistralDatabase({ port, database: DATABASE })
  const ids = await startAll(new MistralRest(api), definitions, effects, times, follower)
  using interrupts = listenForInterrupts(
    () => {},
    () => {},
  )
  while (!interrupts.interrupted) {
    const rows = await database.readRows(ids)
    const ended = follower.see(rows, ids)
    if (ended !== undefined) {
      if (json) process.stdout.write(`${JSON.stringify(ended)}\n`)
      return ended.every((one) => one.state === 'SUCCESS') ? 0 : 1
    }
    await pause(LOOK_EVERY_MS)
  }
  follower.say(`no longer followed; it goes on: ${ids.join(', ')}`)
  return 130
}

async function startAll(
  rest: MistralRest,
  definitions: readonly WorkflowDefinition[],
  effects: string,
  times: number,
  follower: Follower,
): Promise<string[]> {
  const last = definitions.at(-1)
  if (last === undefined) throw new HarnessError('a workflow without a definition')
  try {
    for (const { yaml } of definitions) await rest.createWorkflow(yaml)
  } catch (error) {
    throw error instanceof RestError ? new HarnessError(`nothing was started: ${error.message}`) : error
  }
  const ids = Array.from({ length: times }, () => randomUUID())
  follower.began()
  await Promise.all(
    ids.map(async (id) => {
      const input = effectsInput(last, effects, id)
      const { status, error } = await rest.startExecution({ id, workflow: last.name, input })
      follower.say(`${id}  ${last.name} started`)
      // Whatever the API says, whether it began is for the database to tell.
      if (status !== 201) follower.say(`${id}  the API answered ${status ?? 'nothing'}: ${error ?? ''}`)
    }),
  )
  return ids
}

/** Tells what has changed since the last look. */
class Follower {
  private readonly states = new Map<string, string>()
  private readonly ends = new Map<string, Ended>()
  private readonly stream: NodeJS.WriteStream
  private readonly terminal: Terminal
  private readonly several: boolean
  private since = monotonicMs()
  /** When something was last told. */
  private told = monotonicMs()

  /** @param json Standard output is for programs: what people read goes to standard error. */
  constructor(json: boolean, several: boolean) {
    this.stream = json ? process.stderr : process.stdout
    this.terminal = terminalOf(this.stream)
    this.several = several
  }

  began(): void {
    this.since = monotonicMs()
  }

  say(text: string): void {
    this.told = monotonicMs()
    const seconds = ((monotonicMs() - this.since) / 1000).toFixed(1).padStart(6)
    this.stream.write(`${seconds} s  ${text}\n`)
  }

  /** How all ended, once they have. */
  see(rows: Rows, ids: readonly string[]): Ended[] | undefined {
    const executions = new Map(rows.executions.map((execution) => [execution.id, execution]))
    for (const task of rows.tasks) {
      const workflow = executions.get(task.execution)
      const inside = workflow?.task === null ? '' : `${workflow?.workflow ?? ''}/`
      const which = this.several && workflow ? `${workflow.root.slice(0, 8)} ` : ''
      this.note(task.id, `${which}${inside}${task.name}`, task.state)
    }
    for (const id of ids) {
      const row = executions.get(id)
      if (row !== undefined) this.seeExecution(row)
      else if (monotonicMs() - this.since > BEGIN_LIMIT_MS)
        this.end({ execution: id, workflow: '', state: 'never began', info: null })
    }
    if (this.ends.size === ids.length) return [...this.ends.values()]
    if (monotonicMs() - this.told > STILL_MS)
      this.say(`nothing has changed for ${STILL_MS / 1000} s; who answers: npm run crosswind -- ps`)
    return undefined
  }

  private seeExecution(row: Rows['executions'][number]): void {
    const { id, workflow, state, stateInfo } = row
    this.note(id, id, state)
    if (isTerminal(row)) this.end({ execution: id, workflow, state, info: stateInfo })
  }

  private end(ended: Omit<Ended, 'seconds'>): void {
    if (this.ends.has(ended.execution)) return
    const seconds = Math.round(monotonicMs() - this.since) / 1000
    this.ends.set(ended.execution, { ...ended, seconds })
    if (ended.state !== 'SUCCESS')
      this.say(`${ended.execution}  ${ended.state}: ${ended.info ?? ''}`.trimEnd())
  }

  private note(key: string, name: string, state: string): void {
    const before = this.states.get(key)
    if (before === state) return
    this.states.set(key, state)
    this.say(`${name}  ${before === undefined ? '' : `${before} → `}${this.coloured(state)}`)
  }

  private coloured(state: string): string {
    if (state === 'SUCCESS') return paint(this.terminal, 'green', state)
    return state === 'ERROR' || state === 'CANCELLED' ? paint(this.terminal, 'red', state) : state
  }
}
