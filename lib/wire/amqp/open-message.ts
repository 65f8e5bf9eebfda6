import type { Body } from './body.ts'
import type { Frame } from './frame.ts'
import type { Content, Place, UnfinishedMessage } from './message.ts'
import type { FieldValue, Method, Properties } from './specification.ts'

/** Values of a method's arguments by their names. */
export type ArgumentValues = Readonly<Record<string, FieldValue>>

/** What an open message takes besides its bytes, about, in bytes. */
const OVERHEAD = 512

/** A message that is not whole: a method whose content is arriving, or a body frame that belongs to none. */
export class OpenMessage implements Place {
  readonly channel: number
  readonly offset: number
  end: number
  size = 0
  readonly method: Method | undefined
  readonly fields: ArgumentValues
  properties: Properties = {}
  /** Undefined until the content header has arrived. */
  body: Body | undefined
  /** Why nobody can take it for a message. */
  malformed: string | undefined
  /** What it takes without its body, about, in bytes. */
  envelope = OVERHEAD

  constructor(first: Frame, method: Method | undefined, fields: ArgumentValues) {
    this.channel = first.channel
    this.offset = first.offset
    this.end = first.offset
    this.method = method
    this.fields = fields
  }

  /** The frame, or piece of one, belongs to it; the first one too. */
  extend({ offset, start, end }: Frame): void {
    this.size += end - start
    this.end = offset + end - start
  }

  /** As far as it has arrived. */
  get content(): Content | undefined {
    const { body, properties } = this
    return body && { properties, bodySize: body.size, body: body.bytes, truncated: body.truncated }
  }

  get unfinished(): UnfinishedMessage {
    const { channel, method, fields, content, offset, size } = this
    return { channel, method: method?.name, fields, content, offset, size } as UnfinishedMessage
  }
}
