import type { Stream } from '../../../toxic.ts'
import { monotonicMs } from '../../../util/clock.ts'
import { encodeHeartbeat, encodeMethod } from '../../../wire/amqp/encode.ts'
import { Alarm } from '../../alarm.ts'

export interface BlockingHost {
  /** The client can be told. */
  readonly canTell: boolean
  /** How often the broker must hear of the client, in s; 0: never. */
  readonly heartbeat: number
  insert(stream: Stream, bytes: Buffer, channel: number): void
  stop(stream: Stream, stopped: boolean): void
}

/** The broker hears of the client three times as often as it must: as it would of one that it has blocked itself. */
const BEATS = 3

/**
 * Blocks a connection as a broker does that has no memory or disk left: it tells the client, and reads nothing of what that
 * sends until the block has ended.
 */
export class Blocking {
  readonly #host: BlockingHost
  readonly #alarm = new Alarm(() => this.#beat())
  #blocks = 0
  #told = false

  constructor(host: BlockingHost) {
    this.#host = host
  }

  /** @returns what ends it, once. */
  begin(reason: string): () => void {
    this.#blocks += 1
    if (this.#blocks === 1) this.#block(reason)
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#blocks -= 1
      if (this.#blocks === 0) this.#unblock()
    }
  }

  dispose(): void {
    this.#alarm.clear()
  }

  #block(reason: string): void {
    this.#told = this.#host.canTell
    if (this.#told) this.#host.insert('downstream', encodeMethod(0, 'connection.blocked', { reason }), 0)
    this.#host.stop('upstream', true)
    this.#wait()
  }

  #unblock(): void {
    this.#alarm.clear()
    if (this.#told) this.#host.insert('downstream', encodeMethod(0, 'connection.unblocked', {}), 0)
    this.#host.stop('upstream', false)
  }

  #beat(): void {
    this.#host.insert('upstream', encodeHeartbeat(), 0)
    this.#wait()
  }

  #wait(): void {
    const { heartbeat } = this.#host
    if (heartbeat > 0) this.#alarm.set(monotonicMs() + (heartbeat * 1000) / BEATS)
  }
}
