import type { Socket } from 'node:net'
import type { Stream } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { messageOf } from '../util/errors.ts'
import type { Destination } from './address.ts'
import { Connection, type ConnectionOwner, type ConnectionView } from './connection.ts'
import type { ProxyContext } from './context.ts'
import type { EventWithout, ProxyEvent } from './events.ts'
import { Tally, type Cause, type Evidence } from './evidence.ts'
import type { Consumers } from './front/consumers.ts'
import { describe } from './front/describe.ts'
import type { Choosing } from './front/striking.ts'
import type { Budget } from './lane.ts'
import type { Toxic } from './stage-host.ts'
import type { Tap } from './tap.ts'
import type { Toxics } from './toxics.ts'
import type { OnUpstreamError } from './upstream-watch.ts'

/** What connections need of their proxy. */
export interface ConnectionsHost {
  readonly name: string
  readonly upstream: string
  readonly toxics: Toxics
  readonly onUpstreamError: OnUpstreamError
  /** Its upstream has not accepted a connection. */
  upstreamFailed(): void
  tell(event: EventWithout<ProxyEvent>): void
}

/** What has been stopped for a moment. */
export interface Frozen {
  /** All goes on, and nothing was lost. */
  thaw(): void
  /** What could not leave is lost, and the connections are reset. @param by named as the cause. */
  drop(by: string): void
}

/** The connections of one proxy, and what all that it ever had came to. */
export class Connections implements ConnectionOwner {
  readonly #host: ConnectionsHost
  readonly #context: ProxyContext
  readonly #tally = new Tally()
  readonly #open = new Set<Connection>()
  #frozen = false

  constructor(host: ConnectionsHost, context: ProxyContext) {
    this.#host = host
    this.#context = context
  }

  /** A client has come. */
  accept(socket: Socket, upstream: Destination): void {
    this.#tally.opened += 1
    const id = this.#tally.opened
    this.#host.tell({ kind: 'connection.opened', connection: id })
    const connection = new Connection(id, socket, upstream, this)
    this.#open.add(connection)
    if (this.#frozen) connection.freeze()
  }

  /** Those that are open. */
  get open(): Iterable<Connection> {
    return this.#open
  }

  /** Counts what all toxics of the proxy do. */
  get strikes(): Tally['strikes'] {
    return this.#tally.strikes
  }

  views(): ConnectionView[] {
    return [...this.#open].map((connection) => connection.view())
  }

  evidence(): Evidence {
    return this.#tally.read(
      monotonicMs(),
      [...this.#open].map((connection) => connection.bytes),
    )
  }

  /** Closes one, which is no fault. @returns false if no such one is open. */
  cut(connection: number): boolean {
    const open = [...this.#open].find(({ id }) => id === connection)
    open?.end({ kind: 'api' }, 'close')
    return open !== undefined
  }

  cutAll(cause: Cause, how: 'close' | 'reset' = 'close'): void {
    for (const connection of this.#open) connection.end(cause, how)
  }

  /** Stops all, the open ones and those that come; to be ended by what it gives. */
  freeze(): Frozen {
    this.#frozen = true
    for (const connection of this.#open) connection.freeze()
    const thaw = () => {
      this.#frozen = false
      for (const connection of this.#open) connection.thaw()
    }
    return {
      thaw,
      drop: (by) => {
        this.cutAll({ kind: 'toxic', name: by }, 'reset')
        thaw()
      },
    }
  }

  // What a connection needs.

  get name(): string {
    return this.#host.name
  }

  get upstream(): string {
    return this.#host.upstream
  }

  get seed(): string {
    return this.#context.seed
  }

  get budget(): Budget {
    return this.#context.budget
  }

  get dialMs(): number {
    return this.#context.dialMs
  }

  get onUpstreamError(): OnUpstreamError {
    return this.#host.onUpstreamError
  }

  get toxics(): Toxics {
    return this.#host.toxics
  }

  get follows(): boolean {
    return this.#context.follows?.(this.name) ?? false
  }

  get consumers(): Consumers {
    return this.#context.consumers
  }

  choosing(connection: number, toxic: Toxic): Choosing {
    const { groups, namesOf = () => undefined } = this.#context
    return {
      get tally() {
        return groups.of(toxic)
      },
      namesOf,
      spared: (reason) => this.spared(connection, toxic.name, reason),
      struck: (what) =>
        this.#host.tell({
          kind: 'toxic.struck',
          connection,
          by: toxic.name,
          ...(typeof what === 'string' ? { message: what } : describe(what)),
        }),
    }
  }

  tap(connection: number, stream: Stream): Tap | undefined {
    return this.#context.tap?.(this.name, connection, stream)
  }

  dialled(connection: number, addresses: { client: string; upstreamLocal: string }): void {
    this.#host.tell({ kind: 'connection.dialled', connection, ...addresses })
  }

  dialFailed(connection: number, error: Error): void {
    this.#tally.dialsFailed += 1
    this.#host.upstreamFailed()
    this.#host.tell({ kind: 'dial.failed', connection, error: error.message })
  }

  acted(connection: number, by: string): void {
    this.#host.tell({ kind: 'toxic.acted', connection, by })
  }

  spared(connection: number, by: string, reason: string): void {
    this.#host.tell({ kind: 'toxic.spared', connection, by, reason })
  }

  failed(connection: number, what: string, error: unknown): void {
    this.#host.tell({ kind: 'failed', what, connection, error: messageOf(error) })
  }

  closed(connection: Connection, cause: Cause | undefined): void {
    const { id, ageMs, bytes, handedOn } = connection
    const { upstream, downstream } = bytes
    this.#open.delete(connection)
    this.#tally.closed(bytes)
    const now = { connection: id, at: monotonicMs(), ageMs }
    const carried = { upstreamBytes: upstream.received, downstreamBytes: downstream.received }
    const cut = cause && this.#tally.cut(cause, { ...now, ...carried })
    this.#host.tell({ kind: 'connection.closed', connection: id, cut, bytes, handedOn })
  }
}
