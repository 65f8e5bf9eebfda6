import { connect } from 'node:net'
import { HarnessError } from '../util/errors.ts'
import { DeadlineError, poll } from '../util/poll.ts'
import { tailOf, type RunningProcess } from './process.ts'

/** One condition from the menu below, with what it is called in an error. */
export interface Condition {
  what: string
  /** true: met. false: not yet. A throw ends the wait. */
  met: () => boolean | Promise<boolean>
}

/** The program said that its port was taken: worth another try on another port. */
class PortTakenError extends HarnessError {
  override name = 'PortTakenError'
}

const PORT_TAKEN = /eaddrinuse|address already in use|could not bind/i

/**
 * Waits until a starting process meets a condition.
 * @throws {PortTakenError} when the program ended because its port was taken.
 * @throws {HarnessError} naming the process, what was awaited, for how long, and the last lines of its log.
 */
export async function awaitReady(
  started: RunningProcess,
  condition: Condition,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const look = async () => {
    const exit = started.exit()
    if (exit === undefined) return (await condition.met()) ? true : undefined
    const log = tailOf(started.output())
    const how = exit.signal ?? `status ${exit.code}`
    const text = `${started.name} ended (${how}) before ${condition.what}; the end of ${started.log}:\n${log}`
    throw PORT_TAKEN.test(log) ? new PortTakenError(text) : new HarnessError(text)
  }
  try {
    await poll(look, { what: condition.what, deadlineMs, everyMs: 40, ...(signal ? { signal } : {}) })
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
    const log = tailOf(started.output())
    throw new HarnessError(
      `${started.name} is not ready: ${error.message}; the end of ${started.log}:\n${log}`,
      {
        cause: error,
      },
    )
  }
}

/** A port on loopback accepts connections. */
export const portOpen = (port: number): Condition => ({
  what: `127.0.0.1:${port} accepts connections`,
  met: () =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.setTimeout(1000)
      const answer = (open: boolean) => {
        socket.destroy()
        resolve(open)
      }
      socket.once('connect', () => answer(true))
      socket.once('error', () => answer(false))
      socket.once('timeout', () => answer(false))
    }),
})

/** The process has written a text to its log. */
export const logged = (started: RunningProcess, text: string): Condition => ({
  what: `its log says "${text}"`,
  met: () => started.output().includes(text),
})

/** A question of one's own. An error means "not yet". */
export const answers = (what: string, ask: () => Promise<boolean>): Condition => ({
  what,
  met: () => ask().catch(() => false),
})

/**
 * For a program that cannot choose a free port itself: tries again on another when its port was taken.
 * @throws the last error after three tries.
 */
export async function onFreePort<T>(start: () => Promise<T>): Promise<T> {
  for (let left = 3; ; left -= 1) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof PortTakenError) || left === 1) throw error
    }
  }
}
