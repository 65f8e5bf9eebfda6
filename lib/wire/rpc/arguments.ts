import { isObject, parseJson } from './envelope.ts'

/**
 * A call's arguments, decoded one at a time when they are asked for: most are long, and nobody asks. Each is JSON in a
 * string, or null; of an instance of one of Mistral's classes, `{"__serial_key": CLASS, "__serial_data": DATA}`, the data
 * are given: `{data, error, cancel}` for a result, `{cls, cls_attrs, data}` for an action.
 */
export class Arguments {
  readonly #encoded: Readonly<Record<string, unknown>>

  constructor(encoded: Readonly<Record<string, unknown>>) {
    this.#encoded = encoded
  }

  get names(): string[] {
    return Object.keys(this.#encoded)
  }

  /** @returns undefined if there is no such argument; the text itself if it is no JSON (Python's NaN is none). */
  get(name: string): unknown {
    return Object.hasOwn(this.#encoded, name) ? decode(this.#encoded[name]) : undefined
  }

  /** All of them by name. */
  all(): Record<string, unknown> {
    return Object.fromEntries(this.names.map((name) => [name, this.get(name)]))
  }
}

function decode(encoded: unknown): unknown {
  if (typeof encoded !== 'string') return encoded
  const value = parseJson(encoded)
  if (value === undefined) return encoded
  if (!isObject(value) || !('__serial_key' in value)) return value
  const data = value['__serial_data']
  return typeof data === 'string' ? (parseJson(data) ?? data) : data
}
