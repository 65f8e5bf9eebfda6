import { messageOf } from '../util/errors.ts'
import { ApiError } from './errors.ts'

/** A request's body is larger than any list of proxies needs to be. */
const LARGEST_BODY = 2 ** 20

/** What is left of the body is not read: no other request can come on its connection. */
export class BodyTooLarge extends ApiError {
  constructor() {
    super('badRequestBody', `larger than ${LARGEST_BODY} bytes`)
  }
}

/** Reads the first JSON value of a request; what follows it is ignored. */
export async function readJson(request: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length > LARGEST_BODY) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') throw new ApiError('badRequestBody', 'EOF')
  try {
    return JSON.parse(firstValue(text))
  } catch (error) {
    const cause = depthAtEnd(text) > 0 ? 'unexpected EOF' : messageOf(error)
    throw new ApiError('badRequestBody', cause)
  }
}

/** An object's fields, whose names match in any case; a field that is null is not there, and null has none. */
export class Fields {
  readonly #values = new Map<string, { name: string; value: unknown }>()
  readonly #where: string

  /**
   * @param where is put before a field's name in errors: `attributes.`.
   * @throws {ApiError} if it is neither an object nor null.
   */
  constructor(value: unknown, where = '') {
    this.#where = where
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new ApiError(
        'badRequestBody',
        `${where.replace(/\.$/, '') || 'it'} must be an object, not ${kindOf(value)}`,
      )
    }
    for (const [name, field] of Object.entries(value ?? {})) {
      if (field !== null) this.#values.set(name.toLowerCase(), { name, value: field })
    }
  }

  /** The names as they were given. */
  get names(): string[] {
    return [...this.#values.values()].map(({ name }) => name)
  }

  get(name: string): unknown {
    return this.#values.get(name.toLowerCase())?.value
  }

  string(name: string): string | undefined {
    return this.#typed(name, 'string') as string | undefined
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'boolean') as boolean | undefined
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'number') as number | undefined
  }

  /** A nested object; one that is not there is empty. */
  fields(name: string): Fields {
    return new Fields(this.get(name) ?? {}, `${this.#where}${name}.`)
  }

  list(name: string): unknown[] | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : listOf(value, `${this.#where}${name}`)
  }

  #typed(name: string, type: 'string' | 'boolean' | 'number'): unknown {
    const value = this.get(name)
    if (value === undefined || typeof value === type) return value
    throw new ApiError('badRequestBody', `${this.#where}${name} must be a ${type}, not ${kindOf(value)}`)
  }
}

/** Null is an empty list. @throws {ApiError} if it is neither. */
export function listOf(value: unknown, what: string): unknown[] {
  if (value === null) return []
  if (Array.isArray(value)) return value
  throw new ApiError('badRequestBody', `${what} must be a list, not ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The text of the first object or list, or all of it where it begins with neither. */
function firstValue(text: string): string {
  let end = text.length
  scan(text, (depth, index) => {
    if (depth > 0) return false
    end = index + 1
    return true
  })
  return text.slice(0, end)
}

function depthAtEnd(text: string): number {
  let last = 0
  scan(text, (depth) => {
    last = depth
    return false
  })
  return last
}

/** Calls `bracket` at each bracket outside of strings, with the depth after it, until it says true. */
function scan(text: string, bracket: (depth: number, index: number) => boolean): void {
  let depth = 0
  for (const token of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[[\]{}]/gs)) {
    if (token[0].length > 1 || token[0] === '"') continue
    depth += token[0] === '{' || token[0] === '[' ? 1 : -1
    if (bracket(depth, token.index)) return
  }
}
