import { Assembler } from './assembler.ts'
import { FrameReader } from './frame.ts'
import type { AmqpMessage, UnfinishedMessage } from './message.ts'
import type { Properties } from './specification.ts'

const MAX_BODY_BYTES = 2 ** 20
const MAX_OPEN_BYTES = 16 * 2 ** 20

export interface AmqpDecoderOptions {
  /** Called with each message when its last byte has arrived. */
  onMessage: (message: AmqpMessage) => void
  /** Called once, when the lane is found to be something else, or broken. */
  onOpaque?: (reason: string) => void
  /** Of a body that is larger only the head is kept, in bytes. Default 1 MiB. */
  maxBodyBytes?: number
  /** Of all bodies that are not whole together no more is kept, in bytes. Default 16 MiB; memory may be twice that. */
  maxOpenBytes?: number
  /** Whether anything of a body is kept, told by the first bytes that come of it, one at least. Default: always. */
  keeps?: (properties: Properties, first: Buffer) => boolean
}

/**
 * Decodes one lane (one direction of a connection) from its first byte. However its bytes are cut, the messages are the
 * same. What is unknown or malformed inside sound frames is a message too; only frames that are not sound make a lane
 * opaque, and then no more of it is read.
 */
export class AmqpDecoder {
  readonly #reader: FrameReader
  readonly #assembler: Assembler

  constructor({ onMessage, onOpaque, maxBodyBytes, maxOpenBytes, keeps }: AmqpDecoderOptions) {
    this.#assembler = new Assembler({
      onMessage,
      onHopeless: (reason) => this.#reader.giveUp(reason),
      maxBodyBytes: maxBodyBytes ?? MAX_BODY_BYTES,
      maxOpenBytes: maxOpenBytes ?? MAX_OPEN_BYTES,
      keeps: keeps ?? (() => true),
    })
    this.#reader = new FrameReader({
      onFrame: (frame) => this.#assembler.frame(frame),
      onOpaque: (reason) => {
        this.#assembler.clear()
        onOpaque?.(reason)
      },
    })
  }

  /**
   * The lane's next bytes. Messages are views of them, and must not be kept if they are changed afterwards; the decoder
   * keeps none.
   */
  push(bytes: Buffer): void {
    this.#reader.push(bytes)
  }

  /** Why the lane is not understood; undefined as long as it is. */
  get opaque(): string | undefined {
    return this.#reader.opaque
  }

  /** The messages whose content has begun to arrive and is not whole: at the lane's end, what was cut. */
  unfinished(): UnfinishedMessage[] {
    return this.#assembler.unfinished()
  }
}
