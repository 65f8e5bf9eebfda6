/** What the tests of the API share. */
import { toxics } from '../../toxics/index.ts'
import { startToxiproxy, type RunningToxiproxy, type ToxiproxyOptions } from './server.ts'

export const start = (options: Partial<ToxiproxyOptions> = {}): Promise<RunningToxiproxy> =>
  startToxiproxy({ toxics, seed: 'seed', ...options })

export interface Reply {
  status: number
  headers: Headers
  text: string
  /** The text read as JSON; undefined if it is not. */
  json: unknown
}

/** Asks plainly; a body that is text is sent as it is. */
export async function ask(url: string, verb: string, path: string, body?: unknown): Promise<Reply> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${url}${path}`, { method: verb, ...(sent !== undefined && { body: sent }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
