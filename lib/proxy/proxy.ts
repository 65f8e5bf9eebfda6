import type { Socket } from 'node:net'
import type { Stream } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { messageOf } from '../util/errors.ts'
import { bindHost, destinationOf, formatAddress, parseAddress, type Destination } from './address.ts'
import { Alarm } from './alarm.ts'
import { Connection, type ConnectionOwner, type ConnectionView } from './connection.ts'
import { Tally, type Cause, type Evidence } from './evidence.ts'
import type { Budget } from './lane.ts'
import type { Tap } from './tap.ts'
import type { ProxyContext } from './context.ts'
import type { Consumers } from './front/consumers.ts'
import { describe } from './front/describe.ts'
import type { Choosing } from './front/striking.ts'
import type { EventWithout, ProxyChanged, ProxyEvent } from './events.ts'
import { openListener, type Listener } from './listener.ts'
import type { Toxic } from './stage-host.ts'
import { Toxics } from './toxics.ts'
import { UpstreamWatch, type OnUpstreamError } from './upstream-watch.ts'

/** A lease whose port is taken tries again after this time. */
const RETRY_MS = 100

/** What may be changed of a proxy; what is undefined stays. */
export interface ProxyChange {
  /** `host:port`, port 0 for one of the system's choice. */
  listen?: string | undefined
  upstream?: string | undefined
  enabled?: boolean | undefined
  onUpstreamError?: OnUpstreamError | undefined
  /** A lease on being disabled: it is enabled again after this many ms; 0 is none. */
  durationMs?: number | undefined
}

/** What has been stopped for a moment. */
export interface Frozen {
  /** All goes on, and nothing was lost. */
  thaw(): void
  /** What could not leave is lost, and the connections are reset. @param by named as the cause. */
  drop(by: string): void
}

/** A listener with an upstream. */
export class Proxy implements ConnectionOwner {
  readonly name: string
  readonly budget: Budget
  readonly dialMs: number
  /** They survive disabling and moving. */
  readonly toxics: Toxics
  readonly #context: ProxyContext
  readonly #tally = new Tally()
  readonly #connections = new Set<Connection>()
  readonly #lease = new Alarm(() => void this.#leaseEnded())
  /** As asked for, and as bound last. */
  #asked: string
  #listen: string
  #upstream: string
  #dialled: Destination
  #listener: Listener | undefined
  #onUpstreamError: OnUpstreamError = 'reset'
  #watch: UpstreamWatch | undefined
  #expiresAt: Date | undefined
  /** Its first update makes it, with the toxics that it has by then. */
  #made = false
  #removed = false
  #frozen = false
  /** Changes that open a port follow one another. */
  #turn: Promise<unknown> = Promise.resolve()

  /** Disabled until it is updated. `listen` must be readable by `parseAddress`, `upstream` by `parseDestination`. */
  constructor(name: string, listen: string, upstream: string, context: ProxyContext) {
    this.name = name
    this.budget = context.budget
    this.dialMs = context.dialMs
    this.#context = context
    this.#asked = listen
    this.#listen = listen
    this.#upstream = upstream
    this.#dialled = destinationOf(upstream)
    this.toxics = new Toxics(
      this.#tally.strikes,
      () => this.#connections,
      (change, toxic) => {
        if (change === 'removed' || change === 'expired') context.groups.forget(toxic)
        this.#tellChange({ kind: `toxic.${change}`, toxic })
      },
    )
  }

  /** Resolved, once it has been bound. */
  get listen(): string {
    return this.#listen
  }

  get seed(): string {
    return this.#context.seed
  }

  get upstream(): string {
    return this.#upstream
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
      struck: (what) =>
        this.#tell({
          kind: 'toxic.struck',
          connection,
          by: toxic.name,
          ...(typeof what === 'string' ? { message: what } : describe(what)),
        }),
    }
  }

  get enabled(): boolean {
    return this.#listener !== undefined
  }

  /** It has ended for good: changes of it do nothing any more. */
  get removed(): boolean {
    return this.#removed
  }

  /** `reset` unless told otherwise. */
  get onUpstreamError(): OnUpstreamError {
    return this.#onUpstreamError
  }

  /** When it will be enabled again; undefined without a lease. */
  get expiresAt(): Date | undefined {
    return this.#expiresAt
  }

  /**
   * Changes it wholly or not at all. Another listen or upstream, and disabling, drop the connections.
   * @throws {ListenError} and nothing has changed.
   */
  update(change: ProxyChange): Promise<void> {
    return this.#inTurn(change, 'enabled')
  }

  /** Ends it for good: the port is free, the connections are closed, and nothing rings any more. */
  remove(cause: Cause): void {
    this.#removed = true
    this.#endLease()
    for (const toxic of this.toxics.list()) this.#context.groups.forget(toxic)
    this.toxics.dispose()
    this.#close(cause)
    // A server that closes changes nothing about links.
    if (cause.kind !== 'api') this.#tellChange({ kind: 'removed' })
  }

  connections(): ConnectionView[] {
    return [...this.#connections].map((connection) => connection.view())
  }

  /** Closes one connection, which is no fault. @returns false if no such one is open. */
  cut(connection: number): boolean {
    const open = [...this.#connections].find(({ id }) => id === connection)
    open?.end({ kind: 'api' }, 'close')
    return open !== undefined
  }

  /** Stops all connections, the open ones and those that come; to be ended by what it gives. */
  freeze(): Frozen {
    this.#frozen = true
    for (const connection of this.#connections) connection.freeze()
    const thaw = () => {
      this.#frozen = false
      for (const connection of this.#connections) connection.thaw()
    }
    return {
      thaw,
      drop: (by) => {
        for (const connection of this.#connections) connection.end({ kind: 'toxic', name: by }, 'reset')
        thaw()
      },
    }
  }

  evidence(): Evidence {
    return this.#tally.read(
      monotonicMs(),
      [...this.#connections].map((connection) => connection.bytes),
    )
  }

  // What connections need.

  tap(connection: number, stream: Stream): Tap | undefined {
    return this.#context.tap?.(this.name, connection, stream)
  }

  dialled(connection: number, addresses: { client: string; upstreamLocal: string }): void {
    this.#tell({ kind: 'connection.dialled', connection, ...addresses })
  }

  dialFailed(connection: number, error: Error): void {
    this.#tally.dialsFailed += 1
    this.#watch?.isDown()
    this.#tell({ kind: 'dial.failed', connection, error: error.message })
  }

  acted(connection: number, by: string): void {
    this.#tell({ kind: 'toxic.acted', connection, by })
  }

  spared(connection: number, by: string, reason: string): void {
    this.#tell({ kind: 'toxic.spared', connection, by, reason })
  }

  failed(connection: number, what: string, error: unknown): void {
    this.#tell({ kind: 'failed', what, connection, error: messageOf(error) })
  }

  closed(connection: Connection, cause: Cause | undefined): void {
    const { id, ageMs, bytes, handedOn } = connection
    const { upstream, downstream } = bytes
    this.#connections.delete(connection)
    this.#tally.closed(bytes)
    const now = { connection: id, at: monotonicMs(), ageMs }
    const carried = { upstreamBytes: upstream.received, downstreamBytes: downstream.received }
    const cut = cause && this.#tally.cut(cause, { ...now, ...carried })
    this.#tell({ kind: 'connection.closed', connection: id, cut, bytes, handedOn })
  }

  // Within.

  /** @param enabling what is told if it becomes enabled. */
  #inTurn(change: ProxyChange, enabling: 'enabled' | 'disabling.expired'): Promise<void> {
    const done = this.#turn.then(() => this.#updateAndTell(change, enabling))
    this.#turn = done.catch(() => {})
    return done
  }

  async #updateAndTell(change: ProxyChange, enabling: 'enabled' | 'disabling.expired'): Promise<void> {
    const before = this.enabled
    await this.#update(change)
    if (!this.enabled && (before || change.enabled === false))
      this.#tellChange({ kind: 'disabled', expiresAt: this.#expiresAt })
    if (this.enabled && !before) this.#tellChange({ kind: enabling })
    this.#made = true
  }

  async #update(change: ProxyChange): Promise<void> {
    const moved = change.listen !== undefined && !this.#isAt(change.listen)
    const enabled = change.enabled ?? this.enabled
    const redirected = change.upstream !== undefined && change.upstream !== this.#upstream
    if (enabled && (moved || !this.enabled)) await this.#bind(moved ? change.listen : undefined)
    else if (moved && change.listen !== undefined) this.#asked = this.#listen = change.listen
    if (redirected && change.upstream !== undefined) {
      this.#upstream = change.upstream
      this.#dialled = destinationOf(change.upstream)
    }
    this.#onUpstreamError = change.onUpstreamError ?? this.#onUpstreamError
    if (!enabled) this.#close({ kind: 'disabled' })
    else if (moved || redirected) this.#cutAll({ kind: 'api' })
    this.#watchUpstream()
    this.#rent(change)
  }

  /** Opens the new port before the old one goes, unless they are one. */
  async #bind(listen: string | undefined): Promise<void> {
    const old = this.#listener
    const wanted = listen ?? this.#listen
    const samePort = old !== undefined && parseAddress(wanted)?.port === old.port
    if (samePort) old.close()
    try {
      this.#listener = await this.#openListener(wanted)
    } catch (error) {
      if (samePort) this.#listener = await this.#openListener(old.address)
      throw error
    }
    if (!samePort) old?.close()
    this.#asked = listen ?? this.#asked
    this.#listen = this.#listener.address
    if (this.#removed) this.#close({ kind: 'disabled' })
  }

  #openListener(listen: string): Promise<Listener> {
    return openListener(listen, (socket) => this.#accept(socket))
  }

  #accept(socket: Socket): void {
    this.#tally.opened += 1
    const id = this.#tally.opened
    this.#tell({ kind: 'connection.opened', connection: id })
    const connection = new Connection(id, socket, this.#dialled, this)
    this.#connections.add(connection)
    if (this.#frozen) connection.freeze()
  }

  /** The listener is closed while the upstream is down, where that is asked for. */
  #watchUpstream(): void {
    this.#unwatch()
    const listener = this.#listener
    if (listener && this.#onUpstreamError === 'refuse')
      this.#watch = new UpstreamWatch(this.#dialled, this.dialMs, (up) => listener.open(up))
    else listener?.open(true)
  }

  #unwatch(): void {
    this.#watch?.stop()
    this.#watch = undefined
  }

  #close(cause: Cause): void {
    this.#unwatch()
    this.#listener?.close()
    this.#listener = undefined
    this.#cutAll(cause)
  }

  #cutAll(cause: Cause): void {
    for (const connection of this.#connections) connection.end(cause, 'close')
  }

  #isAt(listen: string): boolean {
    const wanted = parseAddress(listen)
    if (!wanted) return true
    // Whoever asks for any port asks for another one.
    if (listen === this.#asked) return wanted.port !== 0
    return formatAddress(bindHost(wanted.host), wanted.port) === this.#listen
  }

  #rent({ enabled, durationMs }: ProxyChange): void {
    if (this.enabled || enabled === false || durationMs !== undefined) this.#endLease()
    if (!durationMs || this.enabled || this.#removed) return
    this.#expiresAt = new Date(Date.now() + durationMs)
    this.#lease.set(monotonicMs() + durationMs)
  }

  #endLease(): void {
    this.#lease.clear()
    this.#expiresAt = undefined
  }

  async #leaseEnded(): Promise<void> {
    try {
      await this.#inTurn({ enabled: true }, 'disabling.expired')
    } catch (error) {
      this.#tell({ kind: 'failed', what: 'lease', error: messageOf(error) })
      if (!this.#removed) this.#lease.set(monotonicMs() + RETRY_MS)
    }
  }

  #tellChange(change: ProxyChanged): void {
    if (this.#made) this.#tell(change)
  }

  #tell(event: EventWithout<ProxyEvent>): void {
    this.#context.onEvent?.({ proxy: this.name, at: monotonicMs(), ...event })
  }
}
