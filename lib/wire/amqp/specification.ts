import { BASIC_PROPERTIES, METHODS } from './methods.ts'

/** Of a field table: a point in time, in seconds since 1970. */
export class Timestamp {
  readonly seconds: number | bigint

  constructor(seconds: number | bigint) {
    this.seconds = seconds
  }
}

/** Of a field table: digits × 10^-places. */
export class Decimal {
  readonly places: number
  readonly digits: number

  constructor(places: number, digits: number) {
    this.places = places
    this.digits = digits
  }
}

/** A field table, without prototype, since its keys are a peer's. */
export interface Table {
  [key: string]: FieldValue
}

export type FieldValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Timestamp
  | Decimal
  | FieldValue[]
  | Table

/** What each type of the specification is here. 64-bit numbers are bigint only where a number would not be exact. */
interface Values {
  bit: boolean
  octet: number
  short: number
  long: number
  longlong: number | bigint
  timestamp: number | bigint
  shortstr: string
  longstr: Buffer
  table: Table
}

export type FieldType = keyof Values

/** Names and types of arguments or properties, in the order of the wire. */
export type FieldTypes = readonly (readonly [name: string, type: FieldType])[]

/** `basic.publish` and the like. */
export type MethodName = keyof typeof METHODS

/** The arguments of a method, by their names in the specification, in camelCase. */
export type Fields<M extends MethodName> = {
  readonly [A in keyof (typeof METHODS)[M]['args']]: Values[(typeof METHODS)[M]['args'][A] & FieldType]
}

/** The methods that a content follows. */
export type ContentMethodName = {
  [M in MethodName]: (typeof METHODS)[M] extends { content: true } ? M : never
}[MethodName]

/** The properties that a content header has. */
export type Properties = {
  readonly [P in keyof typeof BASIC_PROPERTIES]?: Values[(typeof BASIC_PROPERTIES)[P]]
}

/** A method as codecs need it. */
export interface Method {
  readonly name: MethodName
  /** Class id × 65536 + method id: the first four octets of its frame's payload. */
  readonly id: number
  readonly hasContent: boolean
  readonly args: FieldTypes
}

const fieldTypes = (types: Readonly<Record<string, FieldType>>): FieldTypes => Object.entries(types)

const ALL: readonly Method[] = Object.entries(METHODS).map(([name, method]) => ({
  name: name as MethodName,
  id: method.id[0] * 2 ** 16 + method.id[1],
  hasContent: 'content' in method,
  args: fieldTypes(method.args),
}))

export const METHOD_BY_ID: ReadonlyMap<number, Method> = new Map(ALL.map((method) => [method.id, method]))
export const METHOD_BY_NAME: ReadonlyMap<string, Method> = new Map(ALL.map((method) => [method.name, method]))

/** The one class whose methods carry a content. */
export const BASIC_CLASS_ID = 60

export const PROPERTY_TYPES: FieldTypes = fieldTypes(BASIC_PROPERTIES)
