import { Body, Malformed } from './body.ts'
import { BACKEND, FRONTEND, NO_FIELDS, startupMessage } from './contents.ts'
import { Framer, HEAD_BYTES, STARTUP_HEAD_BYTES } from './framer.ts'
import type { Content, PostgresMessage, Side } from './messages.ts'

/** What a start-up packet has where a StartupMessage has its version: 1234 in the upper half. */
const CANCEL_REQUEST = 80_877_102
const SSL_REQUEST = 80_877_103
const GSSENC_REQUEST = 80_877_104
const CODE_BYTES = 4
const MAJOR_VERSION = 3

/** 1 MiB: what Mistral writes in one statement is bounded by its `execution_field_size_limit_kb`, 1024 by default. */
const MAX_BODY_BYTES = 2 ** 20

type EncryptionRequest = 'SSLRequest' | 'GSSENCRequest'

/** What each byte says that may answer a request for encryption: the connection goes on in plain text, or not. */
const ANSWERS: Record<EncryptionRequest, { response: Content['type']; refused: string; granted: string }> = {
  SSLRequest: { response: 'SSLResponse', refused: 'N', granted: 'S' },
  GSSENCRequest: { response: 'GSSENCResponse', refused: 'N', granted: 'G' },
}

/** What a `p` is after which request of the server. */
const PASSWORDS: Partial<Record<Content['type'], Content['type']>> = {
  AuthenticationCleartextPassword: 'PasswordMessage',
  AuthenticationMD5Password: 'PasswordMessage',
  AuthenticationGSS: 'GSSResponse',
  AuthenticationGSSContinue: 'GSSResponse',
  AuthenticationSSPI: 'GSSResponse',
  AuthenticationSASL: 'SASLInitialResponse',
  AuthenticationSASLContinue: 'SASLResponse',
}
const PASSWORD = 'p'.charCodeAt(0)
const AUTHENTICATION = 'R'.charCodeAt(0)

export interface DecoderOptions {
  /** If it throws, the push throws, and the decoder has lost its place: it must not be used any further. */
  onMessage(message: PostgresMessage): void
  /**
   * Called once, when the connection cannot be read any further: it is encrypted, it is not PostgreSQL, or `side` has
   * sent what no message can be. Neither side is looked at from then on, and a push costs nothing.
   */
  onOpaque?(side: Side, reason: string): void
  /** How much of a message's body is kept; of what is longer the rest is counted and passed over. Default 1 MiB. */
  maxBodyBytes?: number
}

/**
 * Reads both sides of one connection, as a tap on its two lanes sees them. Whatever the pieces in which a side's bytes
 * are pushed, its messages are the same, provided that an answer is pushed after what it answers. A message is
 * reported when its last byte was pushed.
 *
 * Memory per side: what is kept of one message, so 1 MiB and, while it grows, half as much again.
 */
export class PostgresDecoder {
  readonly #options: DecoderOptions
  readonly #frontend: Framer
  readonly #backend: Framer
  readonly #body = new Body()
  /** Requests for encryption that the server has not answered. */
  #asked: EncryptionRequest[] = []
  #cancelled = false
  /** What the server has last asked for. */
  #authentication: Content['type'] | undefined

  constructor(options: DecoderOptions) {
    this.#options = options
    const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES
    this.#frontend = new Framer('startup', maxBodyBytes, (bytes, size, offset) =>
      this.#sent(bytes, size, offset),
    )
    this.#backend = new Framer('typed', maxBodyBytes, (bytes, size, offset) =>
      this.#answered(bytes, size, offset),
    )
  }

  /** Bytes of the client. */
  frontend(bytes: Buffer): void {
    this.#push('frontend', this.#frontend, bytes)
  }

  /** Bytes of the server. */
  backend(bytes: Buffer): void {
    this.#push('backend', this.#backend, bytes)
  }

  #push(side: Side, framer: Framer, bytes: Buffer): void {
    try {
      framer.push(bytes)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#close(side, error.message)
    }
  }

  #close(side: Side, reason: string): void {
    this.#frontend.stop()
    this.#backend.stop()
    this.#options.onOpaque?.(side, reason)
  }

  #sent(bytes: Buffer, size: number, offset: number): void {
    const content =
      this.#frontend.phase === 'startup'
        ? this.#startup(bytes)
        : bytes[0] === PASSWORD
          ? this.#password()
          : this.#read(FRONTEND, bytes, size)
    this.#report('frontend', content, bytes, size, offset)
  }

  #answered(bytes: Buffer, size: number, offset: number): void {
    const request = this.#asked.shift()
    if (request) {
      this.#backend.phase = this.#asked.length > 0 ? 'answer' : 'typed'
      if (size === 1) return this.#encryption(request, bytes, offset)
    }
    const content = this.#read(BACKEND, bytes, size)
    if (bytes[0] === AUTHENTICATION) this.#authentication = content.type
    this.#report('backend', content, bytes, size, offset)
  }

  #read(reads: typeof FRONTEND, bytes: Buffer, size: number): Content {
    const read = reads[bytes[0]!]
    if (!read) return { type: `unknown:${String.fromCharCode(bytes[0]!)}`, fields: NO_FIELDS }
    return read(this.#body.reset(bytes, HEAD_BYTES, bytes.length < size))
  }

  #report(side: Side, { type, fields }: Content, bytes: Buffer, size: number, offset: number): void {
    const truncated = bytes.length < size
    this.#options.onMessage({ type, fields, side, size, offset, bytes, truncated } as PostgresMessage)
  }

  #startup(bytes: Buffer): Content {
    if (this.#cancelled) throw new Malformed('a CancelRequest is the last thing that a client sends')
    const code = bytes.readInt32BE(STARTUP_HEAD_BYTES)
    const body = this.#body.reset(bytes, STARTUP_HEAD_BYTES + CODE_BYTES, false)
    if (code === SSL_REQUEST) return this.#ask('SSLRequest', body)
    if (code === GSSENC_REQUEST) return this.#ask('GSSENCRequest', body)
    if (code === CANCEL_REQUEST) {
      this.#cancelled = true
      return { type: 'CancelRequest', fields: { processId: body.int32() } }
    }
    if (code >>> 16 !== MAJOR_VERSION) throw new Malformed(`protocol ${code >>> 16}.${code & 0xffff}`)
    const content = startupMessage(code, body)
    this.#frontend.phase = 'typed'
    return content
  }

  /** A client waits for the answer, and then for that of the other request if it makes both. */
  #ask(request: EncryptionRequest, body: Body): Content {
    body.end()
    if (this.#asked.includes(request))
      throw new Malformed(`a second ${request} before the answer to the first`)
    this.#asked.push(request)
    this.#backend.phase = 'answer'
    return { type: request, fields: NO_FIELDS }
  }

  #encryption(request: EncryptionRequest, bytes: Buffer, offset: number): void {
    const answer = String.fromCharCode(bytes[0]!)
    const { response, refused, granted } = ANSWERS[request]
    if (answer !== refused && answer !== granted) {
      throw new Malformed(`the answer ${JSON.stringify(answer)} to ${request}`)
    }
    this.#report('backend', { type: response, fields: { answer } } as Content, bytes, 1, offset)
    if (answer === granted) this.#close('backend', `encrypted, after ${request}`)
  }

  /** Its body is a secret and is never read. */
  #password(): Content {
    const type = this.#authentication && PASSWORDS[this.#authentication]
    return { type: type ?? 'unknown:p', fields: NO_FIELDS } as Content
  }
}
