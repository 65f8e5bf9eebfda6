/** What the signals that ask us to end have said so far. */
export interface Interrupts extends Disposable {
  /** Aborted by the first one: clean up and say what is known. */
  readonly signal: AbortSignal
  readonly interrupted: boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The first signal asks for an orderly end; a second one ends at once.
 * @param atOnce Ends what we started, without waiting; the process exits with 130 after it.
 */
export function listenForInterrupts(atOnce: () => void, say: (line: string) => void): Interrupts {
  const controller = new AbortController()
  const onSignal = (name: string) => {
    if (controller.signal.aborted) {
      atOnce()
      process.exit(130)
    }
    say(`${name}: cleaning up; once more ends at once`)
    controller.abort(new DOMException('interrupted', 'AbortError'))
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return {
    signal: controller.signal,
    get interrupted() {
      return controller.signal.aborted
    },
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, onSignal)
    },
  }
}
