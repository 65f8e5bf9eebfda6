import type { Socket } from 'node:net'
import type { Ending, Outlet, Toxic } from './stage-host.ts'
import { inTurn } from './turns.ts'

/** A batch beyond this is written in its turn, so that the event loop goes on. */
const BATCH_BYTES = 2 ** 16
const BATCH_WRITES = 64

export interface OutflowHost {
  /** They came behind an end that a toxic has set, or the destination is gone. */
  behindEnd(bytes: number): void
  /** Its destination has gone before the system had them. */
  unsent(bytes: number): void
  cut(toxic: Toxic, how: 'close' | 'reset'): void
}

/** The end of a lane: what has left the chain goes to the destination, at once, as one batch, or when it is thawed. */
export class Outflow implements Outlet {
  readonly #socket: Socket
  readonly #host: OutflowHost
  #written = 0
  #writes = 0
  /** What is written waits, and the end of the stream behind it. */
  #corked = false
  #ending: Ending | undefined
  /** What may not leave now, and how it ended meanwhile. */
  #frozen: { bytes: Buffer[]; size: number; ending?: Ending } | undefined

  constructor(socket: Socket, host: OutflowHost) {
    this.#socket = socket
    this.#host = host
  }

  /** Bytes that the system has. */
  get sent(): number {
    return this.#written - this.#socket.writableLength
  }

  /** Bytes that the system does not have yet. */
  get waiting(): number {
    return this.#socket.writableLength + (this.#frozen?.size ?? 0)
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined
  }

  /** Nothing leaves until it is thawed. */
  freeze(): void {
    this.#frozen ??= { bytes: [], size: 0 }
  }

  /** What could not leave leaves. */
  thaw(): void {
    const frozen = this.#frozen
    this.#frozen = undefined
    for (const bytes of frozen?.bytes ?? []) this.data(bytes)
    if (frozen?.ending !== undefined) this.ending(frozen.ending)
  }

  data(bytes: Buffer): void {
    const { length } = bytes
    if (this.#frozen) {
      this.#frozen.bytes.push(bytes)
      this.#frozen.size += length
      return
    }
    const { destroyed, writableEnded } = this.#socket
    if (destroyed || writableEnded || this.#ending) return this.#host.behindEnd(length)
    this.#written += length
    this.#writes += 1
    this.#socket.write(bytes, (error) => {
      if (error) this.#unsent(length)
    })
  }

  ending(how: Ending): void {
    if (this.#frozen) return void (this.#frozen.ending = how)
    if (this.#corked) return void (this.#ending = how)
    if (how === 'end') return void this.#socket.end()
    if (typeof how === 'object') return void this.#socket.end(() => this.#host.cut(how.closedBy, 'close'))
    resetSocket(this.#socket)
  }

  /** Runs it as one write to the destination. */
  batch(run: () => void): void {
    if (this.#corked) return run()
    const [bytes, writes] = [this.#written, this.#writes]
    this.#corked = true
    this.#socket.cork()
    run()
    // Whoever changes a toxic does not wait until the system has what a hundred lanes had in hand.
    if (this.#written - bytes > BATCH_BYTES || this.#writes - writes > BATCH_WRITES)
      inTurn(() => this.#uncork())
    else this.#uncork()
  }

  #uncork(): void {
    const ending = this.#ending
    this.#corked = false
    this.#ending = undefined
    this.#socket.uncork()
    if (ending) this.ending(ending)
  }

  #unsent(bytes: number): void {
    this.#written -= bytes
    this.#host.unsent(bytes)
  }
}

/** Sends RST, where that is possible: not while a FIN waits behind data that nobody reads. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy()
  else socket.resetAndDestroy()
}
