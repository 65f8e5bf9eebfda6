import {
  Decimal,
  Timestamp,
  type FieldType,
  type FieldTypes,
  type FieldValue,
  type Table,
} from './specification.ts'

const MAX_SHORTSTR = 255
/** Methods and content headers are short; it grows where they are not. */
const FIRST_BYTES = 256

/** Puts values one after the other. A value that its type cannot hold throws a RangeError. */
export class FieldWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** What was written, as the writer's own memory. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Values by their names, in the order of the types; bits that follow each other share octets. */
  fields(types: FieldTypes, fields: Readonly<Record<string, FieldValue>>): void {
    let mask = 0
    for (const [name, type] of types) {
      const value = fields[name] as FieldValue
      if (type === 'bit') {
        mask = (mask << 1) & 0xff
        if (mask === 0) {
          this.octet(0)
          mask = 1
        }
        if (value === true) this.#bytes[this.#length - 1] = (this.#bytes[this.#length - 1] as number) | mask
      } else {
        mask = 0
        this.value(type, value)
      }
    }
  }

  /** The value must be what its type is here, see `Fields`. */
  value(type: Exclude<FieldType, 'bit'>, value: FieldValue): void {
    switch (type) {
      case 'shortstr':
        return this.shortstr(value as string)
      case 'octet':
        return this.octet(value as number)
      case 'short':
        return this.short(value as number)
      case 'long':
        return this.long(value as number)
      case 'longlong':
      case 'timestamp':
        return this.longlong(value as number | bigint)
      case 'longstr':
        return this.longstr(value as Buffer)
      case 'table':
        return this.table(value as Table)
    }
  }

  octet(value: number): void {
    const at = this.#grow(1)
    this.#bytes.writeUInt8(value, at)
  }

  short(value: number): void {
    const at = this.#grow(2)
    this.#bytes.writeUInt16BE(value, at)
  }

  long(value: number): void {
    const at = this.#grow(4)
    this.#bytes.writeUInt32BE(value, at)
  }

  longlong(value: number | bigint): void {
    const at = this.#grow(8)
    this.#bytes.writeBigUInt64BE(BigInt(value), at)
  }

  shortstr(value: string): void {
    const length = Buffer.byteLength(value)
    if (length > MAX_SHORTSTR) throw new RangeError(`a short string of ${length} bytes`)
    this.octet(length)
    this.#text(value, length)
  }

  longstr(value: Buffer): void {
    this.long(value.length)
    this.raw(value)
  }

  raw(value: Buffer): void {
    const at = this.#grow(value.length)
    value.copy(this.#bytes, at)
  }

  table(table: Table): void {
    this.lengthOf(() => {
      for (const [key, value] of Object.entries(table)) {
        this.shortstr(key)
        this.#tagged(value)
      }
    })
  }

  /** Writes something, and its length as a long before it. */
  lengthOf(write: () => void): void {
    const before = this.#length
    this.long(0)
    write()
    this.#bytes.writeUInt32BE(this.#length - before - 4, before)
  }

  #tagged(value: FieldValue): void {
    if (typeof value === 'string') {
      this.#tag('S')
      this.long(Buffer.byteLength(value))
      this.#text(value, Buffer.byteLength(value))
    } else if (typeof value === 'boolean') {
      this.#tag('t')
      this.octet(value ? 1 : 0)
    } else if (typeof value === 'number') {
      this.#number(value)
    } else if (typeof value === 'bigint') {
      this.#tag('l')
      const at = this.#grow(8)
      this.#bytes.writeBigInt64BE(value, at)
    } else if (value === null) {
      this.#tag('V')
    } else {
      this.#object(value)
    }
  }

  /** The smallest type that is exact, as amqplib chooses. */
  #number(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.#tag('d')
      const at = this.#grow(8)
      this.#bytes.writeDoubleBE(value, at)
    } else if (value === (value << 24) >> 24) {
      this.#tag('b')
      const at = this.#grow(1)
      this.#bytes.writeInt8(value, at)
    } else if (value === (value << 16) >> 16) {
      this.#tag('s')
      const at = this.#grow(2)
      this.#bytes.writeInt16BE(value, at)
    } else if (value === (value | 0)) {
      this.#tag('I')
      const at = this.#grow(4)
      this.#bytes.writeInt32BE(value, at)
    } else {
      this.#tag('l')
      const at = this.#grow(8)
      this.#bytes.writeBigInt64BE(BigInt(value), at)
    }
  }

  #object(value: Buffer | Timestamp | Decimal | FieldValue[] | Table): void {
    if (Buffer.isBuffer(value)) {
      this.#tag('x')
      this.longstr(value)
    } else if (value instanceof Timestamp) {
      this.#tag('T')
      this.longlong(value.seconds)
    } else if (value instanceof Decimal) {
      this.#tag('D')
      this.octet(value.places)
      this.long(value.digits)
    } else if (Array.isArray(value)) {
      this.#tag('A')
      this.lengthOf(() => value.forEach((item) => this.#tagged(item)))
    } else {
      this.#tag('F')
      this.table(value)
    }
  }

  #tag(letter: string): void {
    this.octet(letter.charCodeAt(0))
  }

  #text(value: string, length: number): void {
    const at = this.#grow(length)
    this.#bytes.write(value, at, 'utf8')
  }

  /** Makes room, and returns where it is. */
  #grow(length: number): number {
    const at = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}
