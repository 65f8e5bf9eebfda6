import {
  Decimal,
  Timestamp,
  type FieldType,
  type FieldTypes,
  type FieldValue,
  type Table,
} from './specification.ts'

/** Bytes that are not what their frame says. */
export class MalformedError extends Error {
  override name = 'MalformedError'
}

/** Why bytes are malformed; anything else that was thrown is thrown again. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof MalformedError) return thrown.message
  throw thrown
}

/** How deep tables and arrays may be nested: deeper than any sane one, and not deep enough to exhaust the stack. */
export const MAX_NESTING = 64

const TWO_32 = 2 ** 32

/** Names of exchanges, queues and consumers are short, few, and in every message. */
const LONGEST_KNOWN = 64
const KNOWN = 1024
const LAST_ASCII = 127
const known: string[] = Array.from({ length: KNOWN }, () => '')

/** A text that was met lately is not made again; such as are not in ASCII are rare. */
function knownText(bytes: Buffer, begin: number, length: number): string {
  let sum = length
  let all = 0
  for (let at = begin; at < begin + length; at += 1) {
    const byte = bytes[at] as number
    all |= byte
    sum = (Math.imul(sum, 31) + byte) | 0
  }
  if (all > LAST_ASCII) return bytes.toString('utf8', begin, begin + length)
  const place = sum & (KNOWN - 1)
  const text = known[place] as string
  if (isText(bytes, begin, length, text)) return text
  return (known[place] = bytes.toString('utf8', begin, begin + length))
}

/** Both are in ASCII: the characters are the bytes. */
function isText(bytes: Buffer, begin: number, length: number, text: string): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index += 1)
    if (text.charCodeAt(index) !== bytes[begin + index]) return false
  return true
}

/** The values in a part of a buffer, one after the other. Every read throws MalformedError at the part's end. */
export class FieldReader {
  #bytes: Buffer
  #at: number
  #end: number
  #nesting = 0

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Throws if there is anything left. */
  expectEnd(): void {
    const left = this.#end - this.#at
    if (left > 0) throw new MalformedError(`${left} bytes too many`)
  }

  /** Values of these types by their names; bits that follow each other share octets, the lowest first. */
  fields(types: FieldTypes): Record<string, FieldValue> {
    const fields: Record<string, FieldValue> = {}
    let octet = 0
    let mask = 0
    for (const [name, type] of types) {
      if (type === 'bit') {
        mask = (mask << 1) & 0xff
        if (mask === 0) {
          octet = this.octet()
          mask = 1
        }
        fields[name] = (octet & mask) !== 0
      } else {
        mask = 0
        fields[name] = this.value(type)
      }
    }
    return fields
  }

  value(type: Exclude<FieldType, 'bit'>): FieldValue {
    switch (type) {
      case 'shortstr':
        return this.shortstr()
      case 'octet':
        return this.octet()
      case 'short':
        return this.short()
      case 'long':
        return this.long()
      case 'longlong':
      case 'timestamp':
        return this.longlong()
      case 'longstr':
        return this.longstr()
      case 'table':
        return this.table()
    }
  }

  octet(): number {
    return this.#bytes[this.#take(1)] as number
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  /** A bigint if a number would not be exact. */
  longlong(): number | bigint {
    const at = this.#take(8)
    const number = this.#bytes.readUInt32BE(at) * TWO_32 + this.#bytes.readUInt32BE(at + 4)
    return Number.isSafeInteger(number) ? number : this.#bytes.readBigUInt64BE(at)
  }

  /** Octets that are not UTF-8 become U+FFFD. */
  shortstr(): string {
    const length = this.octet()
    if (length > LONGEST_KNOWN) return this.#text(length)
    const at = this.#take(length)
    return knownText(this.#bytes, at, length)
  }

  /** A view of what the reader was given. */
  longstr(): Buffer {
    const length = this.long()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  table(): Table {
    return this.#within(() => {
      const table = Object.create(null) as Table
      while (this.#at < this.#end) table[this.shortstr()] = this.#tagged()
      return table
    })
  }

  #array(): FieldValue[] {
    return this.#within(() => {
      const array: FieldValue[] = []
      while (this.#at < this.#end) array.push(this.#tagged())
      return array
    })
  }

  /** Reads what is as long as the long before it says, and no further. */
  #within<T>(read: () => T): T {
    const length = this.long()
    const end = this.#take(length) + length
    const outer = this.#end
    this.#at = end - length
    this.#end = end
    this.#nesting += 1
    if (this.#nesting > MAX_NESTING) throw new MalformedError(`tables nested more than ${MAX_NESTING} deep`)
    const value = read()
    this.#nesting -= 1
    this.#end = outer
    return value
  }

  /** A value with its type before it, in RabbitMQ's letters, which are not the specification's; U is py-amqp's. */
  #tagged(): FieldValue {
    const tag = String.fromCharCode(this.octet())
    switch (tag) {
      case 'S':
        return this.#text(this.long())
      case 't':
        return this.octet() !== 0
      case 'b':
        return (this.octet() << 24) >> 24
      case 'B':
        return this.octet()
      case 's':
      case 'U':
        return (this.short() << 16) >> 16
      case 'u':
        return this.short()
      case 'I':
        return this.long() | 0
      case 'i':
        return this.long()
      case 'l':
      case 'L':
        return this.#signed()
      case 'f':
        return this.#bytes.readFloatBE(this.#take(4))
      case 'd':
        return this.#bytes.readDoubleBE(this.#take(8))
      case 'D':
        return new Decimal(this.octet(), this.long())
      case 'T':
        return new Timestamp(this.longlong())
      case 'x':
        return this.longstr()
      case 'A':
        return this.#array()
      case 'F':
        return this.table()
      case 'V':
        return null
      default:
        throw new MalformedError(`the unknown field type ${JSON.stringify(tag)}`)
    }
  }

  #signed(): number | bigint {
    const value = this.#bytes.readBigInt64BE(this.#take(8))
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  #text(length: number): string {
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  /** Where the next `length` octets are. */
  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw new MalformedError(`${length - (this.#end - at)} bytes too few`)
    this.#at = at + length
    return at
  }
}
