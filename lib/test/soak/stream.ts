import type { Socket } from 'node:net'
import { pauseFor } from '../../util/poll.ts'
import { seededRandom, type Random } from '../../util/random.ts'

/** A prime, so that no cutting falls into step with it. */
const PERIOD = 65_521

/** What every stream repeats; each begins elsewhere in it. */
const pattern = (() => {
  const random = seededRandom('soak', 'pattern')
  return Buffer.from(Array.from({ length: PERIOD }, () => Math.floor(random() * 256)))
})()

/** The longest that one write is, and that a sender pauses behind it. */
const LONGEST_WRITE = 32_768
const LONGEST_PAUSE_MS = 20

/** Up to `length` bytes of a stream from `from` on. */
function bytesOf(stream: number, from: number, length: number): Buffer {
  const begin = (from + stream * 7919) % PERIOD
  return pattern.subarray(begin, Math.min(begin + length, PERIOD))
}

/** Compares a stream with what it must be, as it comes. */
export class Checker {
  received = 0
  /** Where the first wrong byte was, if there was one. */
  wrongAt: number | undefined
  readonly #stream: number

  constructor(stream: number) {
    this.#stream = stream
  }

  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const wanted = bytesOf(this.#stream, this.received, bytes.length - at)
      const came = bytes.subarray(at, at + wanted.length)
      if (this.wrongAt === undefined && !came.equals(wanted)) this.wrongAt = this.received
      this.received += came.length
      at += came.length
    }
  }
}

export interface Sending {
  stream: number
  /** Bytes, then the end of the stream; it ends earlier where `stopped` says so. */
  length: number
  stopped: () => boolean
  random: Random
}

/** Sends a stream in writes of any size, with pauses, and ends it. @returns how many bytes were sent. */
export async function send(socket: Socket, { stream, length, stopped, random }: Sending): Promise<number> {
  let sent = 0
  while (sent < length && !socket.destroyed && !stopped()) {
    const size = Math.ceil(random() * Math.min(length - sent, LONGEST_WRITE))
    const bytes = bytesOf(stream, sent, size)
    sent += bytes.length
    if (!socket.write(bytes)) await drained(socket)
    await pauseFor(random() * LONGEST_PAUSE_MS, undefined)
  }
  socket.end()
  return sent
}

/** It can be written to again, or never. */
function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const over = () => {
    socket.off('drain', over)
    socket.off('close', over)
    resolve()
  }
  socket.on('drain', over)
  socket.on('close', over)
  if (socket.destroyed) over()
  return promise
}
