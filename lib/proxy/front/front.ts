import type { Piece, Protocol, Unit } from '../../toxic/units.ts'
import type { Stream } from '../../toxic.ts'
import type { Alteration } from '../tap.ts'
import type { Ending, Outlet, Surgery, Toxic } from '../stage-host.ts'
import { AmqpSurgery } from './amqp/surgery.ts'
import type { Consumers } from './consumers.ts'
import type { Cuts, Dialect } from './dialect.ts'
import { contiguous, Exit } from './exit.ts'
import { PostgresDialect } from './postgres/dialect.ts'
import type { Choosing } from './striking.ts'

/** What a front needs of its connection. */
export interface FrontHost {
  readonly consumers: Consumers
  /** Names the server: consumers of another's queue are others. */
  readonly server: string
  /** Reads no more of a lane's source, or reads on. */
  stop(stream: Stream, stopped: boolean): void
  choosing(toxic: Toxic): Choosing
  /** Shows the lane's tap bytes, or what a toxic did to its messages. */
  tap(stream: Stream, seen: Buffer | Alteration): void
  /** The toxics of a lane that act on messages, and the exit behind them. */
  outlet(stream: Stream): Outlet
  /** What goes no further. */
  dropped(stream: Stream, bytes: number): void
  /** No message can be told on it. */
  opaque(reason: string): void
}

/** Every client of AMQP begins with it; PostgreSQL's with a length below 16 MiB, so that its first octet is 0. */
const AMQP_BEGINS = 'A'.charCodeAt(0)
const POSTGRES_BEGINS = 0

const STREAMS: readonly Stream[] = ['upstream', 'downstream']

const AS_IT_IS: Piece = { protocol: undefined, channel: 0, inFrame: false, inMessage: false }

/**
 * Follows the messages of one connection from its first byte. As long as no toxic acts on messages its bytes pass it by;
 * then they go on message by message.
 */
export class Front {
  readonly #host: FrontHost
  readonly #exits: Partial<Record<Stream, Exit>> = {}
  readonly #tapped: Record<Stream, number> = { upstream: 0, downstream: 0 }
  /** Units that do not leave in the place in which they came. */
  readonly #withheld = new WeakSet<Unit>()
  #dialect: Dialect | undefined
  #amqp: AmqpSurgery | undefined
  #postgres: PostgresDialect | undefined
  #opaque: string | undefined
  /** What has come and was not shown to the taps yet. */
  readonly #unseen: Record<Stream, Buffer[]> = { upstream: [], downstream: [] }
  #wanted = false
  #answers = false
  #cuts = false

  constructor(host: FrontHost) {
    this.#host = host
  }

  /** undefined: its client has not said anything. */
  get protocol(): Protocol | 'opaque' | undefined {
    return this.#opaque === undefined ? this.#dialect?.protocol : 'opaque'
  }

  /** Bytes go on message by message. */
  get cuts(): boolean {
    return this.#cuts
  }

  /** A lane's exit, made once. */
  exit(stream: Stream, next: Outlet): Exit {
    return (this.#exits[stream] ??= new Exit(
      {
        leaving: (bytes, unit) => this.#leaving(stream, bytes, unit),
        isInOrder: (unit) => !this.#withheld.has(unit),
        drops: (channel) => this.#dialect?.drops?.(stream, channel) ?? false,
        inserted: (bytes) => this.#alter(stream, { kind: 'inserted', bytes }),
      },
      next,
    ))
  }

  /** For the toxics of one lane. */
  surgery(stream: Stream): Surgery {
    const amqp = () => this.#amqp
    const postgres = () => this.#postgres
    return {
      withheld: (unit) => {
        this.#withheld.add(unit)
        this.#dialect?.withheld(stream, unit)
        this.#tellOf(stream, 'withheld', unit)
      },
      released: (unit) => this.#tellOf(stream, 'released', unit),
      block: (reason) => this.#amqp?.block(reason) ?? (() => {}),
      choosing: (toxic) => this.#choosing(toxic),
      get amqp() {
        return amqp()
      },
      get postgres() {
        return postgres()
      },
    }
  }

  /** Toxics act on messages now, or none does any more; `answers`: one asks what acks and confirms answer. */
  want(wanted: boolean, answers: boolean): void {
    this.#wanted = wanted
    this.#answers = answers
    this.#amqp?.remember(answers)
    if (wanted) this.#begin()
  }

  /** Bytes that have gone on as they are, and that the lane has shown its tap. */
  follow(stream: Stream, bytes: Buffer): void {
    this.#tapped[stream] += bytes.length
    this.#exits[stream]?.passed(bytes.length, this.#tapped[stream])
    if (this.#opaque !== undefined) return
    this.#speaking(stream, bytes)?.follow(stream, bytes)
    this.#look()
  }

  /** Bytes that go on message by message, through `outlet`. */
  cut(stream: Stream, bytes: Buffer): void {
    const dialect = this.#speaking(stream, bytes)
    if (dialect && this.#opaque === undefined) this.#exits[stream]?.collect(() => dialect.cut(stream, bytes))
    else this.#gives.piece(stream, bytes, AS_IT_IS)
    this.#look()
    this.#show()
    if (this.#wanted) return
    if (this.#opaque !== undefined || (dialect?.canFollow && this.#isClear)) this.#cuts = false
  }

  /** The lane's source has ended: what there is of a message that is not whole goes on too. */
  ending(stream: Stream, how: Ending): void {
    if (this.#cuts && this.#opaque === undefined) this.#giveRest(stream)
    this.#show()
    this.#host.outlet(stream).ending(how)
  }

  /** What is collected leaves now. */
  flush(): void {
    this.#exits.upstream?.flush()
    this.#exits.downstream?.flush()
  }

  /** How far the tapped lane has been handed on, if so many bytes have left. */
  handedOn(stream: Stream, left: number): number {
    return this.#exits[stream]?.handedOn(left) ?? left
  }

  /** The connection has ended. */
  dispose(): void {
    this.#show()
    this.#amqp?.dispose()
  }

  /** From here on bytes go on message by message. */
  #begin(): void {
    if (this.#cuts || this.#opaque !== undefined) return
    this.#cuts = true
    const within = this.#dialect?.begin()
    if (!within) return
    this.#exits.upstream?.begin(within.upstream)
    this.#exits.downstream?.begin(within.downstream)
  }

  #leaving(stream: Stream, bytes: Buffer, unit: Unit): readonly Buffer[] | undefined {
    if (!this.#dialect) return [bytes]
    const isLate = this.#withheld.has(unit)
    const pieces = this.#dialect.leaving(stream, bytes, unit, isLate)
    if (!pieces) {
      this.#withheld.add(unit)
      // Also of one that was let go: it has come too late.
      this.#tellOf(stream, 'withheld', unit)
    }
    return pieces
  }

  readonly #gives: Cuts = {
    unit: (stream, bytes, make) => {
      this.#tap(stream, bytes)
      this.#host.outlet(stream).data(bytes, make(this.#tapped[stream]))
    },
    piece: (stream, bytes, piece) => {
      this.#tap(stream, bytes)
      this.#host.outlet(stream).data(bytes, piece)
    },
    interest: (stream, head) => this.#host.outlet(stream).interest?.(head),
    tooLong: (stream, head) => this.#host.outlet(stream).tooLong?.(head),
    withhold: (stream, bytes, whole) => {
      this.#tap(stream, bytes)
      this.#host.dropped(stream, bytes.length)
      if (whole) this.#host.tap(stream, { kind: 'withheld', until: this.#tapped[stream] })
    },
    swallow: (stream, bytes) => this.#host.dropped(stream, bytes.length),
    close: (stream, toxic) => this.#host.outlet(stream).ending({ closedBy: toxic }),
    insert: (stream, bytes, channel) => this.#exits[stream]?.insert(bytes, channel),
  }

  #tap(stream: Stream, bytes: Buffer): void {
    this.#tapped[stream] += bytes.length
    this.#unseen[stream].push(bytes)
  }

  /** Shows the taps what has come, as few pieces: before anything is told of it, and before its turn ends. */
  #show(): void {
    for (const stream of ['upstream', 'downstream'] as const) {
      const unseen = this.#unseen[stream]
      if (unseen.length === 0) continue
      this.#unseen[stream] = []
      for (const bytes of contiguous(unseen)) this.#host.tap(stream, bytes)
    }
  }

  #alter(stream: Stream, alteration: Alteration): void {
    this.#show()
    this.#host.tap(stream, alteration)
  }

  /** Who is told of a strike, or asked for names, knows what has come before. */
  #choosing(toxic: Toxic): Choosing {
    const choosing = this.#host.choosing(toxic)
    return {
      get tally() {
        return choosing.tally
      },
      namesOf: (...asked) => {
        this.#show()
        return choosing.namesOf(...asked)
      },
      spared: (reason) => choosing.spared(reason),
      struck: (what) => {
        this.#show()
        choosing.struck(what)
      },
    }
  }

  #tellOf(stream: Stream, kind: 'withheld' | 'released', { until }: Unit): void {
    if (until !== undefined) this.#alter(stream, { kind, until })
  }

  /** What the connection speaks, told by the client's first byte; its server does not speak first. */
  #speaking(stream: Stream, bytes: Buffer): Dialect | undefined {
    if (this.#dialect || this.#opaque !== undefined || bytes.length === 0) return this.#dialect
    const first = stream === 'upstream' ? bytes[0] : undefined
    if (first === AMQP_BEGINS) this.#dialect = this.#speakAmqp()
    else if (first === POSTGRES_BEGINS) this.#dialect = this.#postgres = new PostgresDialect(this.#gives)
    else this.#giveUp('neither AMQP nor PostgreSQL')
    // Its client has only begun: nothing of a message has left.
    if (this.#cuts) this.#dialect?.begin()
    return this.#dialect
  }

  #speakAmqp(): Dialect {
    const amqp = new AmqpSurgery(this.#gives, {
      consumers: this.#host.consumers,
      server: this.#host.server,
      begin: () => this.#begin(),
      insert: (stream, bytes, channel, left) => this.#exits[stream]?.insert(bytes, channel, left),
      stop: (stream, stopped) => this.#host.stop(stream, stopped),
    })
    amqp.remember(this.#answers)
    this.#amqp = amqp
    this.#dialect = amqp.dialect
    return amqp.dialect
  }

  /** What passes by from now on lands inside of nothing. */
  get #isClear(): boolean {
    return STREAMS.every((stream) => this.#exits[stream]?.isClear ?? true)
  }

  #giveRest(stream: Stream): void {
    const rest = this.#dialect?.rest(stream)
    if (rest && rest.length > 0) this.#gives.piece(stream, rest, AS_IT_IS)
  }

  #look(): void {
    const reason = this.#dialect?.opaque
    if (reason !== undefined && this.#opaque === undefined) this.#giveUp(reason)
  }

  #giveUp(reason: string): void {
    this.#opaque = reason
    // What is in hand of messages goes on, and all the rest behind it, through the toxics that may have something in hand.
    if (this.#cuts) for (const stream of STREAMS) this.#giveRest(stream)
    this.#host.opaque(reason)
  }
}
