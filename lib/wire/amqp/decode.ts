import { FieldReader, MalformedError } from './field-reader.ts'
import type { Frame } from './frame.ts'
import {
  BASIC_CLASS_ID,
  PROPERTY_TYPES,
  type FieldType,
  type FieldValue,
  type Method,
  type MethodName,
  type Properties,
} from './specification.ts'

/*
  The payload of a method frame:

  0          2           4
  +----------+-----------+-----------+
  | class id | method id | arguments |
  +----------+-----------+-----------+
   short      short

  The payload of a content header:

  0          2        4           12               14
  +----------+--------+-----------+----------------+------------+
  | class id | weight | body size | property flags | properties |
  +----------+--------+-----------+----------------+------------+
   short      short 0  longlong    short            of each flag
*/
const METHOD_ID_BYTES = 4
const BODY_SIZE_AT = 4
const FLAGS_AT = 12

/** The flag of the first property; that of each next one is half as large. */
export const FIRST_PROPERTY_FLAG = 0x8000
/** The two flags that are left: one of nothing, and one that announces more flags, which the class basic never needs. */
const FLAGS_OF_NOTHING = 0x0003

/** The id of a method frame, as in `Method`; undefined if it has none. */
export function methodIdOf(frame: Frame): number | undefined {
  return frame.size < METHOD_ID_BYTES ? undefined : frame.chunk.readUInt32BE(frame.payloadStart)
}

/** Nearly all methods are of these; a table takes several times as long to read by. */
const BY_HAND: Partial<Record<MethodName, (reader: FieldReader) => Record<string, FieldValue>>> = {
  'basic.publish': (reader) => {
    const ticket = reader.short()
    const exchange = reader.shortstr()
    const routingKey = reader.shortstr()
    const bits = reader.octet()
    return { ticket, exchange, routingKey, mandatory: (bits & 1) !== 0, immediate: (bits & 2) !== 0 }
  },
  'basic.deliver': (reader) => {
    const consumerTag = reader.shortstr()
    const deliveryTag = reader.longlong()
    const redelivered = (reader.octet() & 1) !== 0
    return {
      consumerTag,
      deliveryTag,
      redelivered,
      exchange: reader.shortstr(),
      routingKey: reader.shortstr(),
    }
  },
  'basic.ack': (reader) => ({ deliveryTag: reader.longlong(), multiple: (reader.octet() & 1) !== 0 }),
}

/** The arguments of a method frame. Throws MalformedError. */
export function decodeArguments({ name, args }: Method, frame: Frame): Record<string, FieldValue> {
  const reader = new FieldReader(frame.chunk, frame.payloadStart + METHOD_ID_BYTES, frame.payloadEnd)
  const fields = BY_HAND[name]?.(reader) ?? reader.fields(args)
  reader.expectEnd()
  return fields
}

/** The body size of a content header, also if its properties are malformed; undefined if it has none. */
export function bodySizeOf(frame: Frame): number | undefined {
  if (frame.size < FLAGS_AT) return undefined
  return Number(new FieldReader(frame.chunk, frame.payloadStart + BODY_SIZE_AT, frame.payloadEnd).longlong())
}

/** The properties of a content header. Throws MalformedError. */
function decodeProperties(frame: Frame): Properties {
  const reader = new FieldReader(frame.chunk, frame.payloadStart, frame.payloadEnd)
  const classId = reader.short()
  const weight = reader.short()
  reader.longlong()
  if (classId !== BASIC_CLASS_ID || weight !== 0)
    throw new MalformedError(`a content header of class ${classId} with weight ${weight}`)
  const flags = reader.short()
  if ((flags & FLAGS_OF_NOTHING) !== 0) throw new MalformedError('flags without a property')
  const properties: Record<string, FieldValue> = {}
  let flag = FIRST_PROPERTY_FLAG
  for (const [name, type] of PROPERTY_TYPES) {
    if ((flags & flag) !== 0) properties[name] = reader.value(type as Exclude<FieldType, 'bit'>)
    flag >>= 1
  }
  reader.expectEnd()
  return properties
}

/** Headers that are longer are not remembered. */
const LONGEST_HEADER = 256

/** The properties of content headers: on most lanes one has the same as the one before it. */
export class LastProperties {
  /** The last header, all of it. */
  readonly #header = Buffer.alloc(LONGEST_HEADER)
  #length = 0
  #properties: Properties = {}

  /** Throws MalformedError. */
  of(frame: Frame): Properties {
    const { chunk, payloadStart: start, payloadEnd: end } = frame
    if (this.#isSame(chunk, start, end)) return this.#properties
    const properties = decodeProperties(frame)
    this.#length = 0
    // A value of bytes is a view, which would keep in memory all that it came with.
    const isPlain = properties.headers === undefined || Object.keys(properties.headers).length === 0
    if (end - start > LONGEST_HEADER || !isPlain) return properties
    chunk.copy(this.#header, 0, start, end)
    this.#length = end - start
    this.#properties = properties
    return properties
  }

  /** All but the body's size. */
  #isSame(chunk: Buffer, start: number, end: number): boolean {
    return (
      end - start === this.#length &&
      chunk.readUInt32BE(start) === this.#header.readUInt32BE(0) &&
      chunk.compare(this.#header, FLAGS_AT, this.#length, start + FLAGS_AT, end) === 0
    )
  }
}
