import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { EFFECTS_PATH, readEffectUrl } from '../mistral/effect-url.ts'
import { monotonicMs } from '../util/clock.ts'
import type { EffectAnswered, EffectArrived } from '../ledger/entries.ts'

/** Which answers the endpoint keeps back until they are released. */
export type HoldMatch = (effect: EffectArrived) => boolean

/**
 * The endpoint that a workflow's actions call, so that each physical run of an action is seen from outside.
 * It is reached directly, never through a proxy.
 */
export interface Effects extends AsyncDisposable {
  /** Base of the effect URLs: `http://127.0.0.1:PORT/effects`. */
  readonly url: string
  /** All arrivals so far. */
  readonly arrived: readonly EffectArrived[]
  /** Arrivals whose caller still awaits the answer, with the port that their caller's connection comes from. */
  unanswered(): { effect: EffectArrived; callerPort: number }[]
  /** From now on keeps back the answers of what matches, until they are released. */
  hold(match: HoldMatch): void
  /** From now on each answer that is not held takes this long: the length of an action's work. */
  take(ms: number): void
  /** Answers all that is kept back, and keeps back nothing more. */
  release(): void
}

export interface EffectsOptions {
  /** Called before the arrival is answered. */
  onFact: (fact: EffectArrived | EffectAnswered) => void
  port?: number
}

interface Pending {
  effect: EffectArrived
  since: number
  response: ServerResponse
}

export async function openEffects(options: EffectsOptions): Promise<Effects> {
  const { onFact } = options
  const arrived: EffectArrived[] = []
  const pending = new Set<Pending>()
  let holds: HoldMatch | undefined
  let takesMs = 0

  const answer = (one: Pending) => {
    pending.delete(one)
    const delivered = !one.response.destroyed
    if (delivered) one.response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"effect":true}')
    const heldMs = Math.round(monotonicMs() - one.since)
    onFact({ kind: 'effect.answered', effect: one.effect.effect, heldMs, delivered })
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    const seen = readEffectUrl(request.url ?? '/')
    if (seen === undefined) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not an effect\n')
      return
    }
    const effect: EffectArrived = { kind: 'effect.arrived', effect: arrived.length + 1, ...seen }
    arrived.push(effect)
    onFact(effect)
    const one = { effect, since: monotonicMs(), response }
    pending.add(one)
    if (holds?.(effect)) return
    if (takesMs > 0) setTimeout(() => pending.has(one) && answer(one), takesMs)
    else answer(one)
  })
  // A held answer may take as long as the suite likes.
  server.requestTimeout = 0
  server.keepAliveTimeout = 1000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the effects endpoint has no port')

  return {
    url: `http://127.0.0.1:${address.port}${EFFECTS_PATH}`,
    arrived,
    unanswered: () =>
      [...pending]
        .filter(({ response }) => !response.destroyed)
        .map(({ effect, response }) => ({ effect, callerPort: response.socket?.remotePort ?? 0 })),
    hold: (match) => {
      holds = match
    },
    take: (ms) => {
      takesMs = ms
    },
    release: () => {
      holds = undefined
      for (const one of pending) answer(one)
    },
    [Symbol.asyncDispose]: async () => {
      // Answers that a timer still owes are owed to nobody.
      pending.clear()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
