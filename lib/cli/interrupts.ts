import { monotonicMs } from '../util/clock.ts'

/** What the signals that ask us to end have said so far. */
export interface Interrupts extends Disposable {
  /** Aborted by the first one: clean up and say what is known. */
  readonly signal: AbortSignal
  readonly interrupted: boolean
}

/** Signals that come closer together than this are one; nobody types a second Ctrl-C so quickly. */
const SAME_SIGNAL_MS = 250

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const endNow = (): never => process.exit(130)

/**
 * The first signal asks for an orderly end; a second one ends at once.
 * @param atOnce Ends what we started, without waiting; the process exits with 130 after it.
 */
export function listenForInterrupts(atOnce: () => void, say: (line: string) => void): Interrupts {
  const controller = new AbortController()
  let last = -Infinity
  const onSignal = (name: string) => {
    // One Ctrl-C may come from the terminal and from npm, and a dying parent tells its children several times.
    if (monotonicMs() - last < SAME_SIGNAL_MS) return
    last = monotonicMs()
    if (controller.signal.aborted) {
      atOnce()
      process.exit(130)
    }
    say(`${name}: cleaning up; once more ends at once`)
    controller.abort(new DOMException('interrupted', 'AbortError'))
  }
  // Who reads us has gone (`… | head`): nobody is left to tell, but there is still a cluster to end.
  const onClosed = () => controller.abort(new DOMException('nobody reads any more', 'AbortError'))
  for (const name of SIGNALS) process.on(name, onSignal)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onClosed)
  return {
    signal: controller.signal,
    get interrupted() {
      return controller.signal.aborted
    },
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) {
        process.off(name, onSignal)
        // Everything has ended but the process itself, and a signal that comes late is still an interruption.
        process.on(name, endNow)
      }
      // The listeners of the streams stay: what is still written after this must not end the process either.
    },
  }
}
