import { Pool, type PoolClient } from 'pg'
import { HarnessError, messageOf } from '../util/errors.ts'
import { TERMINAL_STATES } from '../util/states.ts'
import {
  readAction,
  readExecution,
  readJob,
  type ExecutionRow,
  type RawAction,
  type RawJob,
  type Rows,
  type TaskRow,
} from './rows.ts'

export interface DatabaseOptions {
  host?: string
  /** Of PostgreSQL itself: a reader must not be struck by the faults of a link. */
  port: number
  user?: string
  database: string
  /** For each query, and for getting a connection. */
  limitMs?: number
}

/** Executions, their tasks and those tasks' actions, by name; each with what it belongs to. */
export interface NamedRows {
  /** `name`: of the workflow; `of`: the task that a sub-workflow is. */
  executions: { id: string; name: string; of: string | null }[]
  tasks: { id: string; name: string; of: string }[]
  actions: { id: string; name: string; of: string }[]
}

const DEFAULT_LIMIT_MS = 10_000

/** Mistral keeps UTC without a zone. */
const ageMs = (column: string): string =>
  `(extract(epoch FROM (now() AT TIME ZONE 'UTC') - ${column}) * 1000)::float8`

const EXECUTIONS = `
  SELECT id, workflow_name AS workflow, state, state_info AS "stateInfo", task_execution_id AS task,
         coalesce(root_execution_id, id) AS root, ${ageMs('created_at')} AS "ageMs"
    FROM workflow_executions_v2`

/** Ids of executions with all sub-workflows beneath them, also if they are sub-workflows themselves. */
const BENEATH = `
  WITH RECURSIVE beneath AS (
    SELECT id FROM workflow_executions_v2 WHERE id = ANY ($1) OR root_execution_id = ANY ($1)
    UNION
    SELECT child.id FROM beneath
      JOIN task_executions_v2 task ON task.workflow_execution_id = beneath.id
      JOIN workflow_executions_v2 child ON child.task_execution_id = task.id
  )
  SELECT id FROM beneath`

const TASKS = `
  SELECT id, name, workflow_execution_id AS execution, state, coalesce(processed, false) AS processed
    FROM task_executions_v2 WHERE workflow_execution_id = ANY ($1) ORDER BY created_at, id`

/** Only an action that says so waits for somebody outside; is_sync may be NULL. */
const ACTIONS = `
  SELECT id, name, task_execution_id AS task, state, coalesce(accepted, false) AS accepted,
         is_sync IS NOT FALSE AS synchronous, runtime_context AS "runtimeContext",
         CASE WHEN name = 'std.http' THEN input END AS input, ${ageMs('last_heartbeat')} AS "heartbeatAgeMs",
         state = 'ERROR' AND output LIKE '%Heartbeat wasn''t received.%' AS expired
    FROM action_executions_v2 WHERE task_execution_id = ANY ($1) ORDER BY created_at, id`

/** A delayed call does not keep when it was captured, but that was its last change. */
const JOBS = `
  SELECT id, 'scheduled_jobs_v2' AS table, func_name AS func, func_args AS args,
         -${ageMs('execute_at')} AS "dueInMs", ${ageMs('captured_at')} AS "capturedAgeMs"
    FROM scheduled_jobs_v2
  UNION ALL
  SELECT id, 'delayed_calls_v2', target_method_name, method_arguments,
         -${ageMs('execution_time')}, CASE WHEN processing THEN ${ageMs('updated_at')} END
    FROM delayed_calls_v2
   ORDER BY id`

/**
 * Reads what Mistral keeps in PostgreSQL, and removes what an earlier suite has left there.
 * A connection that was lost fails the reading that it was lost in; the next one connects anew.
 */
export class MistralDatabase implements AsyncDisposable {
  readonly #pool: Pool
  readonly #name: string

  constructor(options: DatabaseOptions) {
    const { host = '127.0.0.1', port, user = 'postgres', database, limitMs = DEFAULT_LIMIT_MS } = options
    this.#name = `PostgreSQL at ${host}:${port}, database ${database}`
    this.#pool = new Pool({
      host,
      port,
      user,
      database,
      application_name: 'crosswind',
      connectionTimeoutMillis: limitMs,
      statement_timeout: limitMs,
      // A server that does not even end its statements in time is given up a little later.
      query_timeout: limitMs + 1000,
      max: 2,
      allowExitOnIdle: true,
    })
    // A connection that is lost between readings concerns nobody; unheard, it would end the process.
    this.#pool.on('error', () => {})
  }

  /**
   * Everything beneath the given root executions, themselves included, as of one moment. Ages are by the database's
   * clock, and up to 1 s too long, since Mistral keeps whole seconds. Jobs are those that name any of it.
   * @throws {HarnessError} if PostgreSQL cannot be reached or does not answer in time.
   */
  async readRows(roots: readonly string[]): Promise<Rows> {
    return await this.#transaction('REPEATABLE READ READ ONLY', (client) => rowsBeneath(client, roots))
  }

  /**
   * Executions of anybody that are not terminal, oldest first.
   * @throws {HarnessError} as readRows.
   */
  async runningExecutions(): Promise<ExecutionRow[]> {
    return await this.#transaction('REPEATABLE READ READ ONLY', async (client) => {
      const { rows } = await client.query<ExecutionRow>(
        `${EXECUTIONS} WHERE state <> ALL ($1) ORDER BY created_at, id`,
        [TERMINAL_STATES],
      )
      return rows
    })
  }

  /**
   * Names of all that belongs to executions that are not terminal.
   * @throws {HarnessError} as readRows.
   */
  async readNames(): Promise<NamedRows> {
    return await this.#transaction('REPEATABLE READ READ ONLY', async (client) => {
      const executions = await client.query<NamedRows['executions'][number]>(
        `SELECT id, workflow_name AS name, task_execution_id AS of FROM workflow_executions_v2
          WHERE state <> ALL ($1)`,
        [TERMINAL_STATES],
      )
      const tasks = await client.query<NamedRows['tasks'][number]>(
        `SELECT id, name, workflow_execution_id AS of FROM task_executions_v2
          WHERE workflow_execution_id = ANY ($1)`,
        [executions.rows.map(({ id }) => id)],
      )
      const actions = await client.query<NamedRows['actions'][number]>(
        `SELECT id, name, task_execution_id AS of FROM action_executions_v2
          WHERE task_execution_id = ANY ($1)`,
        [tasks.rows.map(({ id }) => id)],
      )
      return { executions: executions.rows, tasks: tasks.rows, actions: actions.rows }
    })
  }

  /**
   * Removes executions, whatever their state, with all that is beneath them and every job that names any of it.
   * @throws {HarnessError} as readRows.
   */
  async removeExecutions(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.#transaction('READ COMMITTED', async (client) => {
      const { jobs } = await rowsBeneath(client, ids)
      for (const table of ['scheduled_jobs_v2', 'delayed_calls_v2']) {
        const own = jobs.filter((job) => job.table === table).map((job) => job.id)
        await client.query(`DELETE FROM ${table} WHERE id = ANY ($1)`, [own])
      }
      // Tasks, actions and sub-workflows go with their execution: the foreign keys cascade.
      await client.query('DELETE FROM workflow_executions_v2 WHERE id = ANY ($1)', [ids])
    })
  }

  /** Ends the connections; safe to call more than once. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #transaction<T>(mode: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined
    try {
      client = await this.#pool.connect()
      await client.query(`BEGIN ISOLATION LEVEL ${mode}`)
      const result = await work(client)
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      // Whatever state the connection is in, it is not used again.
      client?.release(true)
      throw new HarnessError(`${this.#name}: ${messageOf(error)}`, { cause: error })
    }
  }
}

async function rowsBeneath(client: PoolClient, roots: readonly string[]): Promise<Rows> {
  const found = await client.query<{ id: string }>(BENEATH, [roots])
  const ids = found.rows.map((row) => row.id)
  const executions = await client.query<ExecutionRow>(
    `${EXECUTIONS} WHERE id = ANY ($1) ORDER BY created_at, id`,
    [ids],
  )
  const tasks = await client.query<TaskRow>(TASKS, [ids])
  const actions = await client.query<RawAction>(ACTIONS, [tasks.rows.map((row) => row.id)])
  const jobs = await client.query<RawJob>(JOBS)
  const ours = new Set([...ids, ...tasks.rows.map((row) => row.id), ...actions.rows.map((row) => row.id)])
  return {
    executions: executions.rows.map(readExecution),
    tasks: tasks.rows,
    actions: actions.rows.map(readAction),
    jobs: jobs.rows.map(readJob).filter((job) => job.names.some((name) => ours.has(name))),
  }
}
