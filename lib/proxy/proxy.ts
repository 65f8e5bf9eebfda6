import { monotonicMs } from '../util/clock.ts'
import { messageOf } from '../util/errors.ts'
import { bindHost, destinationOf, formatAddress, parseAddress, type Destination } from './address.ts'
import { Alarm } from './alarm.ts'
import type { ConnectionView } from './connection.ts'
import { Connections, type ConnectionsHost, type Frozen } from './connections.ts'
import type { ProxyContext } from './context.ts'
import type { EventWithout, ProxyChanged, ProxyEvent } from './events.ts'
import type { Cause, Evidence } from './evidence.ts'
import { openListener, type Listener } from './listener.ts'
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

/** A listener with an upstream. */
export class Proxy implements ConnectionsHost {
  readonly name: string
  /** They survive disabling and moving. */
  readonly toxics: Toxics
  readonly #context: ProxyContext
  readonly #connections: Connections
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
  /** Changes that open a port follow one another. */
  #turn: Promise<unknown> = Promise.resolve()

  /** Disabled until it is updated. `listen` must be readable by `parseAddress`, `upstream` by `parseDestination`. */
  constructor(name: string, listen: string, upstream: string, context: ProxyContext) {
    this.name = name
    this.#context = context
    this.#asked = listen
    this.#listen = listen
    this.#upstream = upstream
    this.#dialled = destinationOf(upstream)
    this.#connections = new Connections(this, context)
    this.toxics = new Toxics(
      this.#connections.strikes,
      () => this.#connections.open,
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

  get upstream(): string {
    return this.#upstream
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
    return this.#connections.views()
  }

  /** Closes one connection, which is no fault. @returns false if no such one is open. */
  cut(connection: number): boolean {
    return this.#connections.cut(connection)
  }

  /** Stops all connections, the open ones and those that come; to be ended by what it gives. */
  freeze(): Frozen {
    return this.#connections.freeze()
  }

  evidence(): Evidence {
    return this.#connections.evidence()
  }

  // What its connections need.

  upstreamFailed(): void {
    this.#watch?.isDown()
  }

  tell(event: EventWithout<ProxyEvent>): void {
    this.#context.onEvent?.({ proxy: this.name, at: monotonicMs(), ...event })
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
    else if (moved || redirected) this.#connections.cutAll({ kind: 'api' })
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
    return openListener(listen, (socket) => this.#connections.accept(socket, this.#dialled))
  }

  /** The listener is closed while the upstream is down, where that is asked for. */
  #watchUpstream(): void {
    this.#unwatch()
    const listener = this.#listener
    if (listener && this.#onUpstreamError === 'refuse')
      this.#watch = new UpstreamWatch(this.#dialled, this.#context.dialMs, (up) => listener.open(up))
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
    this.#connections.cutAll(cause)
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
      this.tell({ kind: 'failed', what: 'lease', error: messageOf(error) })
      if (!this.#removed) this.#lease.set(monotonicMs() + RETRY_MS)
    }
  }

  #tellChange(change: ProxyChanged): void {
    if (this.#made) this.tell(change)
  }
}
