import { connect, Socket } from 'node:net'
import type { Destination } from './address.ts'
import { Alarm } from './alarm.ts'
import { monotonicMs } from '../util/clock.ts'

/**
 * What a client sees while the upstream takes no connection: `accept`: it is accepted and then closed, as Toxiproxy
 * does; `reset`: accepted and then reset; `refuse`: the listener is closed while a probe finds the upstream down,
 * since the system accepts a connection before a program can know.
 */
export type OnUpstreamError = 'accept' | 'reset' | 'refuse'

/** From one look to the next, in ms, at an upstream that takes connections, and at one that does not. */
const UP_MS = 500
const DOWN_MS = 50

/** A socket that fails where it cannot connect, also where the platform throws instead of trying. */
export function dial(destination: Destination): Socket {
  try {
    return connect({ ...destination, allowHalfOpen: true, noDelay: true })
  } catch (error) {
    return new Socket().destroy(error as Error)
  }
}

/** Knows whether an upstream takes connections, by making one now and then. */
export class UpstreamWatch {
  readonly #upstream: Destination
  readonly #dialMs: number
  readonly #tell: (up: boolean) => void
  readonly #next = new Alarm(() => this.#look())
  #probe: Socket | undefined

  /**
   * Begins to look.
   * @param dialMs until an unanswered dial counts as a failure.
   * @param tell is told the result of each look.
   */
  constructor(upstream: Destination, dialMs: number, tell: (up: boolean) => void) {
    this.#upstream = upstream
    this.#dialMs = dialMs
    this.#tell = tell
    this.#look()
  }

  /** Somebody else has found it down. */
  isDown(): void {
    this.#found(false)
  }

  stop(): void {
    this.#next.clear()
    this.#probe?.destroy()
    this.#probe = undefined
  }

  #look(): void {
    const probe = dial(this.#upstream)
    const found = (up: boolean): void => {
      if (this.#probe === probe) this.#found(up)
    }
    this.#probe = probe
    probe.once('connect', () => found(true))
    probe.on('error', () => found(false))
    probe.setTimeout(this.#dialMs, () => found(false))
  }

  #found(up: boolean): void {
    this.stop()
    this.#next.set(monotonicMs() + (up ? UP_MS : DOWN_MS))
    this.#tell(up)
  }
}
