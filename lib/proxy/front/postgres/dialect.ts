import type { PostgresError } from '../../../toxic/postgres.ts'
import type { Piece, PostgresUnit, Unit } from '../../../toxic/units.ts'
import type { Stream } from '../../../toxic.ts'
import { errorResponse } from '../../../wire/postgres/encode.ts'
import type { Phase } from '../../../wire/postgres/framer.ts'
import type { Toxic } from '../../stage-host.ts'
import type { Cuts, Dialect, Within } from '../dialect.ts'
import { Answers, CLIENT, SERVER, type Awaited } from './answers.ts'
import { Cutter } from './cutter.ts'
import { Greeting } from './greeting.ts'
import { Speaker } from './speaker.ts'
import { failing } from './substitutes.ts'
import { CutUnit } from './unit.ts'

/** The server's last word to a request is its ReadyForQuery, whose body is the transaction's status. */
const STATUS_AT = 5
const IDLE = 'I'.charCodeAt(0)

const AS_IT_IS: Piece = { protocol: undefined, channel: 0, inFrame: false, inMessage: false }

const WHOLE: Within = { inFrame: false, channels: [] }

const STATUS_BYTES = 1

const NOTHING: readonly Buffer[] = []

/** What says nothing about statements. */
const PASSED_OVER: ReadonlySet<number> = new Set(Buffer.from('dcKRSNAv'))

/** PostgreSQL, protocol 3.0. */
export class PostgresDialect implements Dialect {
  readonly protocol = 'postgres'
  readonly #cuts: Cuts
  readonly #answers = new Answers()
  readonly #speaker = new Speaker(this.#answers)
  readonly #cutters: Record<Stream, Cutter>
  readonly #greeting: Greeting
  /** What the server has not got, and may get later. */
  readonly #forgotten = new WeakSet<Awaited>()
  /** The client hears nothing of the server any more, since this was answered. */
  #unheard: Awaited | undefined
  /** An error is to end the connection: the server does nothing any more. Then it has. */
  #isMute = false
  #over = false

  constructor(cuts: Cuts) {
    this.#cuts = cuts
    this.#cutters = {
      upstream: new Cutter('startup', {
        keeps: (type) => this.#speaker.keeps(type),
        passed: (bytes, phase) => void this.#said(bytes, phase),
        message: (bytes, phase) => this.#fromClient(bytes, phase),
        piece: (bytes, piece) => this.#pieceFromClient(bytes, piece),
      }),
      downstream: new Cutter('typed', {
        keeps: (type) => this.#keepsOf(type),
        passed: (bytes, phase) => void this.#answered(bytes, phase),
        message: (bytes, phase) => this.#fromServer(bytes, phase),
        piece: (bytes, piece) => this.#pieceFromServer(bytes, piece),
      }),
    }
    this.#greeting = new Greeting(this.#cutters)
  }

  get opaque(): string | undefined {
    return this.#cutters.upstream.opaque ?? this.#cutters.downstream.opaque
  }

  get canFollow(): boolean {
    const { upstream, downstream } = this.#cutters
    return upstream.isClear && downstream.isClear && this.#answers.isPlain && !this.#unheard && !this.#over
  }

  begin(): Record<Stream, Within> {
    this.#cutters.upstream.begin()
    this.#cutters.downstream.begin()
    // Nothing of ours is put in between its messages.
    return { upstream: WHOLE, downstream: WHOLE }
  }

  follow(stream: Stream, bytes: Buffer): void {
    this.#cutters[stream].rest()
    this.#cutters[stream].push(bytes)
  }

  cut(stream: Stream, bytes: Buffer): void {
    this.#cutters[stream].push(bytes)
  }

  rest(stream: Stream): Buffer {
    return this.#cutters[stream].take()
  }

  leaving(stream: Stream, bytes: Buffer, unit: Unit): readonly Buffer[] {
    if (stream === 'downstream' || !(unit instanceof CutUnit)) return [bytes]
    if (this.#isMute) return NOTHING
    const { awaited } = unit
    if (!awaited) return [bytes]
    if (this.#forgotten.delete(awaited)) this.#answers.asked(awaited)
    this.#isMute = awaited.fails?.error.severity === 'FATAL'
    return [bytes]
  }

  withheld(_stream: Stream, unit: Unit): void {
    if (!(unit instanceof CutUnit && unit.awaited)) return
    this.#answers.forget(unit.awaited)
    this.#forgotten.add(unit.awaited)
  }

  /** The server gets something that fails in its place. @returns what the server gets. */
  fail(unit: PostgresUnit, error: PostgresError, toxic: Toxic): Buffer {
    const awaited = awaitedBy(unit)
    const { bytes, before } = failing(awaited.asks, awaited.said?.commits ?? false)
    const wasFailing = awaited.fails !== undefined
    this.#answers.mark(awaited, { fails: { error, toxic } })
    if (!wasFailing) this.#answers.askedBefore(awaited, before)
    return bytes
  }

  /** The client hears nothing of its answer, nor of what follows; `answered` runs once that has come. */
  keepUnheard(unit: PostgresUnit, answered: () => void): void {
    this.#answers.mark(awaitedBy(unit), { unheard: answered })
  }

  // What the client sends.

  #said(bytes: Buffer, phase: Phase): ReturnType<Speaker['says']> | undefined {
    if (phase !== 'typed') {
      if (this.#greeting.client(bytes)) this.#speaker.startup()
      return undefined
    }
    const spoken = this.#speaker.says(bytes)
    if (this.#answers.isFull) this.#cutters.upstream.giveUp('the server leaves too much unanswered')
    return spoken
  }

  #fromClient(bytes: Buffer, phase: Phase): void {
    const spoken = this.#said(bytes, phase)
    if (!spoken) return this.#cuts.piece('upstream', bytes, AS_IT_IS)
    this.#cuts.unit('upstream', bytes, (until) => new CutUnit({ side: 'frontend', bytes, until, ...spoken }))
  }

  #pieceFromClient(bytes: Buffer, piece: Piece): void {
    if (this.#isMute) this.#cuts.swallow('upstream', bytes)
    else this.#cuts.piece('upstream', bytes, piece)
  }

  // What the server sends.

  /** Rows need not be looked at, unless somebody must not hear of them. */
  #keepsOf(type: number): number | undefined {
    if (type === SERVER.ready) return STATUS_BYTES
    const isOfNoUse = PASSED_OVER.has(type) || (type === SERVER.dataRow && this.#answers.isPlain)
    return isOfNoUse ? undefined : 0
  }

  /** @returns what it answers. */
  #answered(bytes: Buffer, phase: Phase): { awaited: Awaited | undefined; opens: boolean } {
    if (phase === 'answer' && this.#greeting.server(bytes)) return { awaited: undefined, opens: false }
    const type = bytes[0] ?? 0
    const awaited = this.#answers.answer(type)
    if (type === SERVER.ready && bytes[STATUS_AT] === IDLE && awaited) this.#speaker.idle(awaited)
    const said = awaited?.said
    const opens = awaited !== undefined && said !== undefined && isExecuted(awaited) && !said.answered
    if (opens) said.answered = true
    if (awaited?.unheard && isExecuted(awaited)) this.#unheard ??= awaited
    return { awaited, opens }
  }

  #fromServer(bytes: Buffer, phase: Phase): void {
    const { awaited, opens } = this.#answered(bytes, phase)
    if (phase === 'answer') return this.#cuts.piece('downstream', bytes, AS_IT_IS)
    if (this.#over) return this.#cuts.swallow('downstream', bytes)
    if (this.#unheard) return this.#unhearing(this.#unheard, bytes)
    if (awaited?.fails && isFailing(bytes[0], awaited)) return this.#failed(awaited, awaited.fails, opens)
    if (awaited?.silent) return this.#cuts.swallow('downstream', bytes)
    this.#give(bytes, awaited, opens)
  }

  #give(bytes: Buffer, awaited: Awaited | undefined, opens: boolean): void {
    const said = awaited?.said
    this.#cuts.unit(
      'downstream',
      bytes,
      (until) => new CutUnit({ side: 'backend', bytes, until, said, opens }),
    )
  }

  #failed(awaited: Awaited, { error, toxic }: Fails, opens: boolean): void {
    this.#give(errorResponse(error), awaited, opens)
    if (error.severity !== 'FATAL') return
    this.#over = true
    this.#cuts.close('downstream', toxic)
  }

  #unhearing(awaited: Awaited, bytes: Buffer): void {
    this.#cuts.withhold('downstream', bytes, true)
    this.#lookForEnd(awaited, bytes[0] ?? 0)
  }

  #pieceFromServer(bytes: Buffer, piece: Piece): void {
    if (this.#over) return this.#cuts.swallow('downstream', bytes)
    if (this.#unheard) return this.#cuts.withhold('downstream', bytes, !piece.inFrame)
    this.#cuts.piece('downstream', bytes, piece)
  }

  /** The server has answered when it is ready, or where nothing asks it to be. */
  #lookForEnd(awaited: Awaited, type: number): void {
    const { unheard } = awaited
    const isEnd = type === SERVER.ready || (ENDS.has(type) && !this.#answers.awaitsReady)
    if (!unheard || !(isEnd || AWAITS_ROWS.has(type))) return
    delete awaited.unheard
    unheard()
  }
}

type Fails = NonNullable<Awaited['fails']>

const ENDS: ReadonlySet<number> = new Set([
  SERVER.commandComplete,
  SERVER.emptyQuery,
  SERVER.suspended,
  SERVER.error,
])

/** The server goes on when the client does, which does not hear of it. */
const AWAITS_ROWS: ReadonlySet<number> = new Set([SERVER.copyIn, SERVER.copyBoth])

const isExecuted = ({ asks }: Awaited): boolean => asks === CLIENT.query || asks === CLIENT.execute

/** What was sent in place of a statement fails with an error; a ROLLBACK, with its completion. */
const isFailing = (type: number | undefined, { asks }: Awaited): boolean =>
  type === SERVER.error || (type === SERVER.commandComplete && asks === CLIENT.query)

function awaitedBy(unit: PostgresUnit): Awaited {
  if (unit instanceof CutUnit && unit.awaited) return unit.awaited
  throw new TypeError('only a message that executes a statement can be answered')
}
