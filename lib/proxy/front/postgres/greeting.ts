import type { Stream } from '../../../toxic.ts'
import type { Cutter } from './cutter.ts'

/** What a start-up packet has behind its length: the protocol's version, or 1234 in the upper half. */
const CODE_AT = 4
const CANCEL_REQUEST = 80_877_102
const REQUESTS = new Map([
  [80_877_103, 'SSLRequest'],
  [80_877_104, 'GSSENCRequest'],
])
const MAJOR_VERSION = 3
const REFUSED = 'N'.charCodeAt(0)
const ERROR = 'E'.charCodeAt(0)

/** The beginning of a connection: start-up packets, and the single bytes that answer requests for encryption. */
export class Greeting {
  readonly #cutters: Record<Stream, Cutter>
  /** Requests for encryption that the server has not answered. */
  readonly #asked: string[] = []
  #cancelled = false

  constructor(cutters: Record<Stream, Cutter>) {
    this.#cutters = cutters
  }

  /** A start-up packet. @returns whether it starts a session. */
  client(packet: Buffer): boolean {
    const { upstream, downstream } = this.#cutters
    const code = packet.readInt32BE(CODE_AT)
    const request = REQUESTS.get(code)
    if (this.#cancelled) upstream.giveUp('a CancelRequest is the last thing that a client sends')
    else if (code === CANCEL_REQUEST) this.#cancelled = true
    else if (request !== undefined) {
      this.#asked.push(request)
      downstream.phase = 'answer'
    } else if (code >>> 16 !== MAJOR_VERSION) upstream.giveUp(`protocol ${code >>> 16}.${code & 0xffff}`)
    else {
      upstream.phase = 'typed'
      return true
    }
    return false
  }

  /** The answer to a request for encryption. @returns false if it is an error, which is a message. */
  server(answer: Buffer): boolean {
    const { upstream, downstream } = this.#cutters
    const request = this.#asked.shift()
    downstream.phase = this.#asked.length > 0 ? 'answer' : 'typed'
    if (answer[0] === ERROR) return false
    if (answer[0] === REFUSED) return true
    const reason = `encrypted, after ${request}`
    upstream.giveUp(reason)
    downstream.giveUp(reason)
    return true
  }
}
