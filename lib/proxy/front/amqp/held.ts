import type { Frame } from '../../../wire/amqp/frame.ts'
import { CONSTANTS } from '../../../wire/amqp/methods.ts'

/** What is held back of a message, its method first. */
export interface Held {
  readonly method: Frame
  readonly frames: Frame[]
  /** In bytes. */
  size: number
}

/** Bytes that lie behind each other in memory. */
export interface Run {
  readonly chunk: Buffer
  readonly start: number
  end: number
}

export const isNext = (run: Run, { chunk, start }: Frame): boolean => run.chunk === chunk && run.end === start

/** Without a copy, if all lies behind each other in memory. */
export function bytesOf({ frames }: Held): Buffer {
  const runs: Run[] = []
  for (const frame of frames) {
    const last = runs.at(-1)
    if (last && isNext(last, frame)) last.end = frame.end
    else runs.push({ chunk: frame.chunk, start: frame.start, end: frame.end })
  }
  const pieces = runs.map(({ chunk, start, end }) => chunk.subarray(start, end))
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}

/** The pieces of its body. */
export const bodyOf = ({ frames }: Held): Buffer[] =>
  frames.filter(({ type }) => type === CONSTANTS.FRAME_BODY).map(({ payload }) => payload)

/** What is held back of a lane's messages that are not whole, channel by channel. */
export class HeldFrames {
  readonly #byChannel = new Map<number, Held>()
  #size = 0

  /** Of all of them, in bytes. */
  get size(): number {
    return this.#size
  }

  get isEmpty(): boolean {
    return this.#byChannel.size === 0
  }

  /** @returns what there is of its message now. */
  keep(frame: Frame): Held {
    const { channel, start, end } = frame
    this.#size += end - start
    const known = this.#byChannel.get(channel)
    if (known) {
      known.frames.push(frame)
      known.size += end - start
      return known
    }
    const held = { method: frame, frames: [frame], size: end - start }
    this.#byChannel.set(channel, held)
    return held
  }

  /** What begins the message that is held back of a channel. */
  methodOf(channel: number): Frame | undefined {
    return this.#byChannel.get(channel)?.method
  }

  take(channel: number): Held | undefined {
    const held = this.#byChannel.get(channel)
    this.#byChannel.delete(channel)
    this.#size -= held?.size ?? 0
    return held
  }

  takeAll(): Buffer[] {
    return [...this.#byChannel.keys()].flatMap((channel) => {
      const held = this.take(channel)
      return held ? [bytesOf(held)] : []
    })
  }
}
