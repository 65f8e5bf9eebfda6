import type { Socket } from 'node:net'
import type { Stream } from '../toxic.ts'
import { monotonicMs } from '../util/clock.ts'
import { seededRandom, type Random } from '../util/random.ts'
import { formatAddress, type Destination } from './address.ts'
import type { Chain } from './chain.ts'
import { noBytes, type Cause, type LaneBytes } from './evidence.ts'
import type { Consumers } from './front/consumers.ts'
import { Front } from './front/front.ts'
import type { Choosing } from './front/striking.ts'
import { Lane, type Budget, type LaneOwner } from './lane.ts'
import { resetSocket } from './outflow.ts'
import type { Toxic } from './stage-host.ts'
import type { Tap } from './tap.ts'
import { dial, type OnUpstreamError } from './upstream-watch.ts'

/** What a connection needs of its proxy. */
export interface ConnectionOwner {
  readonly name: string
  readonly seed: string
  readonly budget: Budget
  /** Until an unanswered dial is given up. */
  readonly dialMs: number
  readonly onUpstreamError: OnUpstreamError
  readonly toxics: { list(): Toxic[] }
  /** Connections' messages are followed, so that toxics may act on them at any time. */
  readonly follows: boolean
  /** Its server, as dialled. */
  readonly upstream: string
  readonly consumers: Consumers
  choosing(connection: number, toxic: Toxic): Choosing
  tap(connection: number, stream: Stream): Tap | undefined
  /** The server has accepted it. */
  dialled(connection: number, addresses: Pick<ConnectionView, 'client' | 'upstreamLocal'>): void
  dialFailed(connection: number, error: Error): void
  /** A toxic has done something to the connection, for the first time. */
  acted(connection: number, toxic: string): void
  /** A toxic that acts on messages cannot act on it, and why. */
  spared(connection: number, toxic: string, reason: string): void
  /** `what` (a toxic's name, or the tap) has thrown. */
  failed(connection: number, what: string, error: unknown): void
  /** Called once, when it has ended in whatever way; `cause` where it was cut. */
  closed(connection: Connection, cause: Cause | undefined): void
}

/** A connection as `GET /proxies/{p}/connections` shows it. */
export interface ConnectionView {
  id: number
  /** The client's address, and ours towards the server, `127.0.0.1:40112`; a Unix socket has only its own. */
  client: string
  upstreamLocal: string
  ageMs: number
  /** Received from the client, and from the server. */
  upstreamBytes: number
  downstreamBytes: number
  /** Those that toxicity chose for it. */
  toxics: { name: string; acted: boolean }[]
  /** Directions whose destination does not read. */
  stalled?: Stream[]
}

/** One client socket paired with one upstream socket. A FIN is passed on as FIN, an RST as RST. */
export class Connection implements LaneOwner {
  /** 1, 2, 3 … in the order of acceptance on the proxy. */
  readonly id: number
  readonly budget: Budget
  readonly #owner: ConnectionOwner
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #clientAddress: string
  readonly #socketPath: string | undefined
  readonly #openedAt = monotonicMs()
  /** Where its messages are followed. */
  readonly front: Front | undefined
  #upstreamLocal = ''
  #lanes: Record<Stream, Lane> | undefined
  #closed = false
  #frozen = false

  /** @param client accepted, and not yet read from. */
  constructor(id: number, client: Socket, upstream: Destination, owner: ConnectionOwner) {
    this.id = id
    this.budget = owner.budget
    this.#owner = owner
    this.#client = client
    this.#clientAddress = formatAddress(client.remoteAddress ?? '', client.remotePort ?? 0)
    this.#upstream = dial(upstream)
    this.#socketPath = 'path' in upstream ? `unix:${upstream.path}` : undefined
    if (owner.follows || owner.toxics.list().some(({ definition }) => definition.strikes))
      this.front = new Front({
        consumers: owner.consumers,
        server: owner.upstream,
        stop: (stream, stopped) => this.#lanes?.[stream].stop(stopped),
        choosing: (toxic) => owner.choosing(this.id, toxic),
        tap: (stream, seen) => this.#lanes?.[stream].see(seen),
        outlet: (stream) => this.#laneOf(stream).chain.messages,
        dropped: (stream, bytes) => this.#lanes?.[stream].dropped(bytes),
        opaque: (reason) => this.#isOpaque(reason),
      })
    this.#dial()
  }

  /** Ends both sockets now; whatever is in hand is lost. */
  end(cause: Cause, how: 'close' | 'reset'): void {
    if (this.#closed) return
    this.#finish(cause)
    for (const socket of [this.#client, this.#upstream]) {
      if (how === 'reset') resetSocket(socket)
      else socket.destroy()
    }
  }

  add(toxic: Toxic): void {
    this.#change(toxic, (chain) => chain.add(toxic))
  }

  update(toxic: Toxic, attributesChanged: boolean): void {
    this.#change(toxic, (chain) => chain.update(toxic, attributesChanged))
  }

  remove(toxic: Toxic): void {
    this.#change(toxic, (chain) => chain.remove(toxic))
  }

  /** Stops both directions, behind what was sent so far. */
  freeze(): void {
    this.front?.flush()
    this.#frozen = true
    this.#lanes?.upstream.freeze()
    this.#lanes?.downstream.freeze()
  }

  thaw(): void {
    this.#frozen = false
    this.#lanes?.upstream.thaw()
    this.#lanes?.downstream.thaw()
  }

  get ageMs(): number {
    return monotonicMs() - this.#openedAt
  }

  get bytes(): Record<Stream, LaneBytes> {
    return {
      upstream: this.#lanes?.upstream.bytes ?? noBytes(),
      downstream: this.#lanes?.downstream.bytes ?? noBytes(),
    }
  }

  view(): ConnectionView {
    const lanes = this.#lanes ? [this.#lanes.upstream, this.#lanes.downstream] : []
    const stalled = lanes.filter((lane) => lane.stalled).map((lane) => lane.stream)
    const { upstream, downstream } = this.bytes
    return {
      id: this.id,
      client: this.#clientAddress,
      upstreamLocal: this.#upstreamLocal,
      ageMs: this.ageMs,
      upstreamBytes: upstream.received,
      downstreamBytes: downstream.received,
      toxics: lanes.flatMap((lane) => lane.chain.toxics),
      ...(stalled.length > 0 && { stalled }),
    }
  }

  /** How far each lane, as its tap has seen it, has been handed on; undefined: its messages are not followed. */
  get handedOn(): Record<Stream, number> | undefined {
    const { front, bytes } = this
    return (
      front && {
        upstream: front.handedOn('upstream', bytes.upstream.sent),
        downstream: front.handedOn('downstream', bytes.downstream.sent),
      }
    )
  }

  // What lanes need.

  cannotStrike({ name, definition }: Toxic): string | undefined {
    const protocol = this.front ? this.front.protocol : 'unfollowed'
    if (protocol === undefined || protocol === definition.strikes?.protocol) return undefined
    const reason =
      protocol === 'unfollowed' ? 'its messages were not followed from its beginning' : `it is ${protocol}`
    this.#owner.spared(this.id, name, reason)
    return reason
  }

  randomOf(stream: Stream, toxic: Toxic): Random {
    return seededRandom(this.#owner.seed, this.#owner.name, this.id, stream, toxic.name)
  }

  toPair(stream: Stream, bytes: Buffer): void {
    this.#lanes?.[stream === 'upstream' ? 'downstream' : 'upstream'].insert(bytes)
  }

  acted({ name }: Toxic): void {
    this.#owner.acted(this.id, name)
  }

  cut({ name, strikes }: Toxic, how: 'close' | 'reset'): void {
    if (!this.#closed) strikes.cut()
    this.end({ kind: 'toxic', name }, how)
  }

  tap(stream: Stream): Tap | undefined {
    return this.#owner.tap(this.id, stream)
  }

  failed(what: string, error: unknown): void {
    this.#owner.failed(this.id, what, error)
  }

  // Its life.

  #dial(): void {
    const limit = setTimeout(
      () => this.#upstream.destroy(new Error(`no answer within ${this.#owner.dialMs} ms`)),
      this.#owner.dialMs,
    )
    this.#upstream.once('close', () => clearTimeout(limit))
    this.#upstream.once('connect', () => {
      clearTimeout(limit)
      this.#upstream.off('error', failed)
      this.#open()
    })
    const failed = (error: Error) => {
      if (this.#closed) return
      this.#owner.dialFailed(this.id, error)
      this.#finish(undefined)
      // The client was accepted before we could know: a reset is the nearest to a refusal that it can get.
      if (this.#owner.onUpstreamError === 'accept') this.#client.resume().destroySoon()
      else resetSocket(this.#client)
    }
    this.#upstream.once('error', failed)
    for (const socket of [this.#client, this.#upstream]) {
      // The lanes act on errors; a socket without a listener would end the process.
      socket.on('error', () => {})
      socket.once('close', () => this.#socketClosed())
    }
  }

  #open(): void {
    if (this.#closed) return
    const { localAddress = '', localPort = 0 } = this.#upstream
    this.#upstreamLocal = this.#socketPath ?? formatAddress(localAddress, localPort)
    this.#owner.dialled(this.id, { client: this.#clientAddress, upstreamLocal: this.#upstreamLocal })
    this.#lanes = {
      upstream: new Lane('upstream', this.#client, this.#upstream, this),
      downstream: new Lane('downstream', this.#upstream, this.#client, this),
    }
    for (const toxic of this.#owner.toxics.list()) this.add(toxic)
    if (this.#frozen) this.freeze()
    this.#lanes.upstream.open()
    this.#lanes.downstream.open()
  }

  #change(toxic: Toxic, change: (chain: Chain) => void): void {
    if (this.#closed || !this.#lanes) return
    const lane = this.#lanes[toxic.stream]
    change(lane.chain)
    this.#lookAtStrikes(this.#lanes)
    lane.balance()
  }

  #lookAtStrikes({ upstream, downstream }: Record<Stream, Lane>): void {
    const chains = [upstream.chain, downstream.chain]
    this.front?.want(
      chains.some(({ strikes }) => strikes),
      chains.some(({ asksForAnswers }) => asksForAnswers),
    )
  }

  #laneOf(stream: Stream): Lane {
    const lane = this.#lanes?.[stream]
    if (!lane) throw new Error('a connection without lanes has no messages')
    return lane
  }

  #isOpaque(reason: string): void {
    for (const { name, definition } of this.#owner.toxics.list())
      if (definition.strikes) this.#owner.spared(this.id, name, reason)
  }

  #socketClosed(): void {
    if (!this.#lanes) this.#upstream.destroy()
    if (this.#client.destroyed && this.#upstream.destroyed) this.#finish(undefined)
  }

  #finish(cause: Cause | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#lanes?.upstream.dispose()
    this.#lanes?.downstream.dispose()
    this.front?.dispose()
    this.#owner.closed(this, cause)
  }
}
