import { HarnessError, messageOf } from '../util/errors.ts'
import { redactText } from '../wire/rpc/redact.ts'

/** Terminal: SUCCESS, ERROR, CANCELLED. */
export type State =
  | ('IDLE' | 'WAITING' | 'RUNNING' | 'DELAYED' | 'PAUSED')
  | ('SUCCESS' | 'ERROR' | 'CANCELLED')

/** An execution as the API shows it. */
export interface ExecutionView {
  id: string
  workflow: string
  state: State
  stateInfo: string | null
  input: unknown
  output: unknown
}

/** A start's answer. Without a status there was none, and whether it started is for the database to tell. */
export interface StartAnswer {
  status?: number
  error?: string
}

/** The API refused, or did not answer. */
export class RestError extends Error {
  override name = 'RestError'
  /** HTTP status; undefined: no answer. */
  readonly status: number | undefined
  constructor(call: string, status: number | undefined, text: string) {
    super(`${call}: ${status === undefined ? 'no answer: ' : `${status} `}${text}`)
    this.status = status
  }
}

interface Request {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  /** A string goes as text/plain, anything else as JSON. */
  body?: unknown
  limitMs?: number
}

/** Longer than rpc_response_timeout, after which the API answers 500 by itself. */
const DEFAULT_LIMIT_MS = 30_000

/** Mistral's REST API, v2, without authentication. Every call has a time limit. */
export class MistralRest {
  readonly #base: string
  readonly #limitMs: number

  /** @param base `http://127.0.0.1:8989`, without `/v2`. */
  constructor(base: string, limitMs: number = DEFAULT_LIMIT_MS) {
    this.#base = base
    this.#limitMs = limitMs
  }

  /** true if a call of this API reaches an engine and comes back in time: it runs std.noop there, and keeps nothing. */
  async reachesEngine(limitMs: number): Promise<boolean> {
    const body = { name: 'std.noop', input: '{}', params: '{"run_sync": true, "save_result": false}' }
    try {
      const { status } = await this.#send({ method: 'POST', path: '/v2/action_executions', body, limitMs })
      return status === 201
    } catch (error) {
      if (error instanceof RestError) return false
      throw error
    }
  }

  /**
   * Defines a workflow, or redefines it if there is one of that name.
   * @throws {RestError} 400 with the validation's text if the definition is wrong.
   */
  async createWorkflow(yaml: string): Promise<void> {
    const created = await this.#send({ method: 'POST', path: '/v2/workflows', body: yaml })
    if (created.status === 201) return
    if (created.status !== 409) throw refused('POST /v2/workflows', created)
    await this.#ok({ method: 'PUT', path: '/v2/workflows', body: yaml })
  }

  /** Asks for an execution under an id of our own: asking again for the same id starts nothing new. Never throws a RestError. */
  async startExecution(start: {
    id: string
    workflow: string
    input: Record<string, unknown>
    params?: Record<string, unknown>
    limitMs?: number
  }): Promise<StartAnswer> {
    const { id, workflow, input, params = {}, limitMs = this.#limitMs } = start
    const body = { id, workflow_name: workflow, input, params }
    try {
      const answer = await this.#send({ method: 'POST', path: '/v2/executions', body, limitMs })
      if (answer.status === 201) return { status: 201 }
      return { status: answer.status, error: faultOf(answer.text) }
    } catch (error) {
      if (error instanceof RestError) return { error: error.message }
      throw error
    }
  }

  /** undefined: there is none of this id. */
  async execution(id: string): Promise<ExecutionView | undefined> {
    const path = `/v2/executions/${id}`
    const answer = await this.#send({ method: 'GET', path })
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw refused(`GET ${path}`, answer)
    const row = readJson(`GET ${path}`, answer.text) as RawExecution
    return {
      id: row.id,
      workflow: row.workflow_name,
      state: row.state,
      stateInfo: row.state_info,
      input: JSON.parse(row.input ?? 'null'),
      output: JSON.parse(row.output ?? 'null'),
    }
  }

  /** PAUSED, RUNNING (resume), ERROR and CANCELLED can be asked for. */
  async setExecutionState(id: string, state: State): Promise<void> {
    await this.#ok({ method: 'PUT', path: `/v2/executions/${id}`, body: { state } })
  }

  /** The answer's text; any status but 2xx is an error. */
  async #ok(request: Request): Promise<string> {
    const answer = await this.#send(request)
    if (answer.status >= 300) throw refused(`${request.method} ${request.path}`, answer)
    return answer.text
  }

  async #send({ method, path, body, limitMs = this.#limitMs }: Request): Promise<Answer> {
    const call = `${method} ${path}`
    // A connection that is kept could have ended with its API node, and would fail the next call for that.
    const headers: Record<string, string> = { connection: 'close' }
    if (body !== undefined)
      headers['content-type'] = typeof body === 'string' ? 'text/plain' : 'application/json'
    try {
      const response = await fetch(this.#base + path, {
        method,
        headers,
        signal: AbortSignal.timeout(limitMs),
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return { status: response.status, text: await response.text() }
    } catch (error) {
      throw new RestError(call, undefined, reasonOf(error))
    }
  }
}

interface Answer {
  status: number
  text: string
}

/** The API's own names; input and output are JSON in strings. */
interface RawExecution {
  id: string
  workflow_name: string
  state: State
  state_info: string | null
  input: string | null
  output: string | null
}

const refused = (call: string, { status, text }: Answer): RestError =>
  new RestError(call, status, faultOf(text))

/** fetch says only "fetch failed"; what failed is its cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)

/** `faultstring` of an error's body, or the body if it has none, without the secrets of what it quotes. */
const faultOf = (text: string): string => redactText(faultString(text))

function faultString(text: string): string {
  try {
    const body = JSON.parse(text) as { faultstring?: unknown } | null
    if (typeof body?.faultstring === 'string') return body.faultstring
  } catch {
    // Not JSON: the text itself is what we know.
  }
  return text.trim().slice(0, 500)
}

function readJson(call: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HarnessError(`${call}: not JSON: ${text.slice(0, 200)}`, { cause: error })
  }
}
