import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Properties } from './specification.ts'

interface Argument {
  type: string
  name: string
}

interface MethodInfo {
  id: number
  classId: number
  methodId: number
  name: string
  args: Argument[]
}

/** What amqplib's generated definitions are, as far as generator and tests need them. */
export interface Definitions {
  constants: Record<string, number>
  /** Of a method, or of a class's content properties (then without `classId` and `methodId`). */
  info(id: number): MethodInfo
  /** A whole method frame. */
  encodeMethod(id: number, channel: number, fields: object): Buffer
  /** A whole content header frame. */
  encodeProperties(classId: number, channel: number, bodySize: number, properties: Properties): Buffer
  /** The arguments of a method frame, behind its id. */
  decode(id: number, args: Buffer): Record<string, unknown>
  [other: string]: unknown
}

interface Framing {
  PROTOCOL_HEADER: string
  HEARTBEAT_BUF: Buffer
  makeBodyFrame(channel: number, payload: Buffer): Buffer
}

// The package hides these files behind its `exports`, hence the absolute paths.
const require = createRequire(import.meta.url)
const folder = join(dirname(require.resolve('amqplib')), 'lib')

/** Of amqplib, which Mistral's tests and ours already trust: a second hand for names, types and bytes. */
export const definitions = require(join(folder, 'defs.js')) as Definitions
export const framing = require(join(folder, 'frame.js')) as Framing

/** The ids of all methods that amqplib knows. */
export const methodIds = (): number[] =>
  Object.entries(definitions)
    .filter(([key, value]) => typeof value === 'number' && `methodInfo${key}` in definitions)
    .map(([, value]) => value as number)
