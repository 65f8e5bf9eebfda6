import { FIRST_PROPERTY_FLAG } from './decode.ts'
import { FieldWriter } from './field-writer.ts'
import { FRAME_OVERHEAD } from './frame.ts'
import { CONSTANTS } from './methods.ts'
import {
  BASIC_CLASS_ID,
  METHOD_BY_NAME,
  PROPERTY_TYPES,
  type ContentMethodName,
  type Fields,
  type FieldType,
  type FieldValue,
  type MethodName,
  type Properties,
} from './specification.ts'

const { FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT, FRAME_END } = CONSTANTS
type Valued = Readonly<Record<string, FieldValue>>

/** A method frame. Throws a RangeError if a value does not fit its type. */
export function encodeMethod<M extends MethodName>(channel: number, name: M, fields: Fields<M>): Buffer {
  const method = METHOD_BY_NAME.get(name)
  if (!method) throw new TypeError(`no method ${name}`)
  return frame(FRAME_METHOD, channel, (writer) => {
    writer.long(method.id)
    writer.fields(method.args, fields)
  })
}

/** A content header frame; a property that is undefined is left out. */
export function encodeHeader(channel: number, bodySize: number, properties: Properties): Buffer {
  const present = PROPERTY_TYPES.map(([name, type], index) => ({
    type: type as Exclude<FieldType, 'bit'>,
    value: (properties as Valued)[name],
    flag: FIRST_PROPERTY_FLAG >> index,
  })).filter(({ value }) => value !== undefined)
  return frame(FRAME_HEADER, channel, (writer) => {
    writer.short(BASIC_CLASS_ID)
    writer.short(0)
    writer.longlong(bodySize)
    writer.short(present.reduce((flags, { flag }) => flags | flag, 0))
    for (const { type, value } of present) writer.value(type, value as FieldValue)
  })
}

/** Body frames of at most `frameMax` bytes each, as negotiated in connection.tune-ok (0: any); none of an empty body. */
export function encodeBody(channel: number, body: Buffer, frameMax = 0): Buffer[] {
  const most = frameMax === 0 ? body.length : frameMax - FRAME_OVERHEAD
  if (most < 1 && body.length > 0) throw new RangeError(`a largest frame of ${frameMax} bytes`)
  const frames: Buffer[] = []
  for (let at = 0; at < body.length; at += most)
    frames.push(frame(FRAME_BODY, channel, (writer) => writer.raw(body.subarray(at, at + most))))
  return frames
}

/** All frames of a message with a content. */
export function encodeMessage<M extends ContentMethodName>(
  channel: number,
  name: M,
  fields: Fields<M>,
  content: { properties: Properties; body: Buffer },
  frameMax = 0,
): Buffer {
  const { properties, body } = content
  return Buffer.concat([
    encodeMethod(channel, name, fields),
    encodeHeader(channel, body.length, properties),
    ...encodeBody(channel, body, frameMax),
  ])
}

export const encodeHeartbeat = (): Buffer => frame(FRAME_HEARTBEAT, 0, () => {})

function frame(type: number, channel: number, payload: (writer: FieldWriter) => void): Buffer {
  const writer = new FieldWriter()
  writer.octet(type)
  writer.short(channel)
  writer.lengthOf(() => payload(writer))
  writer.octet(FRAME_END)
  return writer.bytes
}
