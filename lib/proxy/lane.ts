import type { Socket } from 'node:net'
import type { Stream } from '../toxic.ts'
import type { Random } from '../util/random.ts'
import { monotonicMs } from '../util/clock.ts'
import { Chain, type ChainHost } from './chain.ts'
import { noBytes, type LaneBytes } from './evidence.ts'
import type { Front } from './front/front.ts'
import { Outflow, type OutflowHost } from './outflow.ts'
import type { Ending, Surgery, Toxic } from './stage-host.ts'
import type { Alteration, Tap } from './tap.ts'
import { inTurn } from './turns.ts'

/** Bytes in hand on one lane, beyond which its source is no longer read. */
export const LANE_LIMIT = 8 * 2 ** 20
/** Bytes in hand on all lanes of a server, beyond which each lane has only its share. */
const TOTAL_LIMIT = 256 * 2 ** 20
const LANE_SHARE = 64 * 2 ** 10
/** A lane with toxics reads so much before others have their turn, in bytes. */
const READ_AT_ONCE = 2 ** 17
/** Reads from this size on are worth to be freed by hand: bytes. */
const LARGE = 2 ** 13

/** What all lanes of a server have in hand together, in bytes. */
export interface Budget {
  held: number
}

/** What a lane needs of its connection. */
export interface LaneOwner {
  readonly budget: Budget
  randomOf(stream: Stream, toxic: Toxic): Random
  /** Writes to the other lane's destination. */
  toPair(stream: Stream, bytes: Buffer): void
  cannotStrike(toxic: Toxic): string | undefined
  tap(stream: Stream): Tap | undefined
  /** Where the connection's messages are followed. */
  readonly front: Front | undefined
  /** For the first time on this connection. */
  acted(toxic: Toxic): void
  cut(toxic: Toxic, how: 'close' | 'reset'): void
  /** `what` (a toxic's name, or the tap) has thrown. */
  failed(what: string, error: unknown): void
}

/** One direction of a connection: reads one socket, passes through the chain, writes to the other. */
export class Lane implements ChainHost, OutflowHost {
  readonly stream: Stream
  readonly chain: Chain
  readonly surgery: Surgery | undefined
  readonly #source: Socket
  readonly #destination: Socket
  readonly #outflow: Outflow
  readonly #owner: LaneOwner
  #tap: Tap | undefined
  #received = 0
  #dropped = 0
  #held = 0
  /** Dropped behind an end that a toxic has set. */
  #behindEnd = 0
  /** What the budget has of it. */
  #counted = 0
  #paused = false
  /** Bytes since its last turn, and whether it waits for the next one. */
  #readOn = 0
  #rests = false
  /** Nothing more is read; what has been read goes on. */
  #stopped = false
  /** The count of a lane that has ended. */
  #final: LaneBytes | undefined

  constructor(stream: Stream, source: Socket, destination: Socket, owner: LaneOwner) {
    this.stream = stream
    this.#source = source
    this.#destination = destination
    this.#owner = owner
    this.#tap = owner.tap(stream)
    this.surgery = owner.front?.surgery(stream)
    this.#outflow = new Outflow(destination, this)
    this.chain = new Chain(this, this.#outflow, owner.front?.exit(stream, this.#outflow))
  }

  /** Begins to read. A source that fails is one that was reset. */
  open(): void {
    this.#source.on('data', (bytes: Buffer) => this.#arrived(bytes))
    this.#source.on('end', () => this.#sourceEnded('end'))
    this.#source.on('error', () => this.#sourceEnded('reset'))
    this.#destination.on('drain', () => this.balance())
    if (!this.#paused) this.#source.resume()
  }

  /** The connection has ended: what is in hand is lost, and counted so. */
  dispose(): void {
    if (this.#final) return
    this.#final = this.bytes
    this.#final.dropped += this.#final.held
    this.#final.held = 0
    this.#owner.budget.held -= this.#counted
    this.#counted = 0
    this.chain.dispose()
  }

  get bytes(): LaneBytes {
    if (this.#final) return { ...this.#final }
    const { sent, waiting } = this.#outflow
    return {
      ...noBytes(),
      received: this.#received,
      sent,
      held: this.#held + waiting,
      dropped: this.#dropped,
    }
  }

  /** Its destination does not read. */
  get stalled(): boolean {
    const { writableNeedDrain, writableEnded, writableFinished, writableLength } = this.#destination
    return writableNeedDrain || (writableEnded && !writableFinished && writableLength > 0)
  }

  /**
   * Reads on, or not: without toxics as fast as the destination takes it; with toxics, which may drop or
   * delay, until the bounds are reached.
   */
  balance(): void {
    this.#count()
    const { isTransparent } = this.chain
    const full =
      this.#rests ||
      this.#stopped ||
      this.#outflow.isFrozen ||
      (this.#behindEnd > LANE_SHARE && !this.#destination.destroyed) ||
      (isTransparent ? this.#destination.writableNeedDrain : this.#isFull)
    if (full === this.#paused) return
    this.#paused = full
    if (full) this.#source.pause()
    else this.#source.resume()
  }

  /** What waits for the destination counts too, where a `drain` will tell that it has left. */
  #count(): void {
    if (this.#final) return
    const inHand = this.#inHand > LANE_SHARE ? this.#inHand : this.#held
    this.#owner.budget.held += inHand - this.#counted
    this.#counted = inHand
  }

  get #inHand(): number {
    return this.#held + this.#outflow.waiting
  }

  get #isFull(): boolean {
    const inHand = this.#inHand
    return inHand > LANE_LIMIT || (inHand > LANE_SHARE && this.#owner.budget.held > TOTAL_LIMIT)
  }

  #sourceEnded(how: Ending): void {
    const { front } = this.#owner
    if (front) front.ending(this.stream, how)
    else this.chain.ending(how)
  }

  #arrived(bytes: Buffer): void {
    this.#received += bytes.length
    const { front } = this.#owner
    if (front?.cuts) {
      front.cut(this.stream, bytes)
      this.#rest(bytes.length)
      return this.balance()
    }
    // Where nothing can happen to them they need not wait until they have been read; toxics come behind the tap.
    const goesOn = this.chain.isTransparent
    const unseen = goesOn && !this.#tap && !front
    if (goesOn) this.chain.data(bytes)
    if (this.#tap) this.see(bytes)
    front?.follow(this.stream, bytes)
    if (!goesOn) this.chain.data(bytes)
    if (unseen && bytes.length >= LARGE && this.#hasLeft) free(bytes)
    if (!goesOn) this.#rest(bytes.length)
    this.balance()
  }

  /** A hundred lanes that may take in 8 MiB each by a toxic that was just put on them leave time for others. */
  #rest(bytes: number): void {
    this.#readOn += bytes
    if (this.#rests || this.#readOn < READ_AT_ONCE) return
    this.#rests = true
    inTurn(() => {
      this.#rests = false
      this.#readOn = 0
      this.balance()
    })
  }

  /** The system has all that has arrived. */
  get #hasLeft(): boolean {
    return this.#inHand === 0
  }

  /** Shows the tap what has come, or was done. One that throws is taken off; the traffic goes on. */
  see(seen: Buffer | Alteration): void {
    try {
      if (Buffer.isBuffer(seen)) this.#tap?.arrived(seen, monotonicMs())
      else this.#tap?.altered(seen, monotonicMs())
    } catch (error) {
      this.#tap = undefined
      this.#owner.failed('tap', error)
    }
  }

  /** Nothing more is read, or all again; what has been read goes on. */
  stop(stopped: boolean): void {
    this.#stopped = stopped
    this.balance()
  }

  /** Nothing more is read or leaves until it is thawed. */
  freeze(): void {
    this.#outflow.freeze()
    this.balance()
  }

  /** What could not leave leaves, and the lane goes on. */
  thaw(): void {
    this.#outflow.thaw()
    this.balance()
  }

  /** Behind what has left the chain. */
  insert(bytes: Buffer): void {
    this.#outflow.data(bytes)
  }

  // What toxics need.

  held(bytes: number): void {
    if (this.#final) return
    this.#held += bytes
    this.#count()
  }

  dropped(bytes: number): void {
    this.#dropped += bytes
  }

  behindEnd(bytes: number): void {
    this.#dropped += bytes
    this.#behindEnd += bytes
  }

  batch(run: () => void): void {
    this.#outflow.batch(run)
    this.balance()
  }

  unsent(bytes: number): void {
    this.#dropped += bytes
  }

  toPair(bytes: Buffer): void {
    this.#owner.toPair(this.stream, bytes)
  }

  randomOf(toxic: Toxic): Random {
    return this.#owner.randomOf(this.stream, toxic)
  }

  cannotStrike(toxic: Toxic): string | undefined {
    return this.#owner.cannotStrike(toxic)
  }

  acted(toxic: Toxic): void {
    this.#owner.acted(toxic)
  }

  cut(toxic: Toxic, how: 'close' | 'reset'): void {
    this.#owner.cut(toxic, how)
  }

  failed(toxic: Toxic, error: unknown): void {
    this.#owner.failed(toxic.name, error)
    this.#owner.cut(toxic, 'close')
  }
}

/**
 * Gives the memory of what has been read back at once. Left to the collector, 64 KiB for each read made it run
 * sixteen times a GB, which was a quarter of all processor time.
 */
function free({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0)
}
