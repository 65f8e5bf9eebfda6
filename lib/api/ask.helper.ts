/** What the tests of the API share. */
import { toxics } from '../../toxics/index.ts'
import { CAUGHT_UP, type EventView } from './events.ts'
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

/** Listens to the events of a server. */
export class Listener {
  readonly response: Response
  readonly events: EventView[] = []
  caughtUp = false
  ended = false
  readonly #gone: AbortController

  static async of(url: string, headers: Record<string, string> = {}): Promise<Listener> {
    const gone = new AbortController()
    const listener = new Listener(await fetch(`${url}/events`, { headers, signal: gone.signal }), gone)
    void listener.#read().then(() => (listener.ended = true))
    return listener
  }

  private constructor(response: Response, gone: AbortController) {
    this.response = response
    this.#gone = gone
  }

  [Symbol.dispose](): void {
    this.#gone.abort()
  }

  async #read(): Promise<void> {
    let rest = ''
    const texts = this.response.body?.pipeThrough(new TextDecoderStream()) ?? []
    try {
      for await (const text of texts) {
        const blocks = `${rest}${text}`.split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch {
      // The server, or this listener, has gone.
    }
  }

  #take(block: string): void {
    if (block === CAUGHT_UP) this.caughtUp = true
    const data = /^data: (.*)$/m.exec(block)?.[1]
    if (data !== undefined) this.events.push(JSON.parse(data) as EventView)
  }
}
