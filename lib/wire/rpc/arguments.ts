import { isObject } from './envelope.ts'
import { inside, Members, membersIn, parseJson, valueOf, type Piece } from './nested-json.ts'

const NONE = new Members()

/**
 * A call's arguments, decoded one at a time when they are asked for: most are long, and nobody asks. Each is JSON in a
 * string, or null; of an instance of one of Mistral's classes, `{"__serial_key": CLASS, "__serial_data": DATA}`, the data
 * are given: `{data, error, cancel}` for a result, `{cls, cls_attrs, data}` for an action.
 */
export class Arguments {
  readonly #members: Pick<Members, 'names' | 'get'>

  constructor(members: Pick<Members, 'names' | 'get'> = NONE) {
    this.#members = members
  }

  /** A single one, or none. */
  static of(name: string, piece: Piece | undefined): Arguments {
    return new Arguments({
      names: piece ? [name] : [],
      get: (asked) => (asked === name ? piece : undefined),
    })
  }

  get names(): string[] {
    return [...new Set(this.#members.names)]
  }

  /** @returns undefined if there is no such argument; a text that is no JSON as it is (Python's NaN is none). */
  get(name: string): unknown {
    const piece = this.#members.get(name)
    if (!piece) return undefined
    const json = inside(piece)
    const value = json && valueOf(json)
    return value === undefined ? valueOf(piece) : dataOf(value)
  }

  /** The members of an argument that is an object, undecoded. */
  object(name: string): Members | undefined {
    const piece = this.#members.get(name)
    return piece && membersIn(piece)
  }

  /**
   * Whether an argument that is a string ends with a text.
   * @param tail The text, by the backslashes before the string's quotes.
   */
  endsAs(name: string, tail: (slashes: number) => string): boolean {
    const piece = this.#members.get(name)
    if (!piece) return false
    const text = tail(piece.slashes)
    return piece.text.startsWith(text, piece.end - text.length)
  }

  /** All of them by name. */
  all(): Record<string, unknown> {
    return Object.fromEntries(this.names.map((name) => [name, this.get(name)]))
  }
}

function dataOf(value: unknown): unknown {
  if (!isObject(value) || !('__serial_key' in value)) return value
  const data = value['__serial_data']
  const said = typeof data === 'string' ? parseJson(data) : undefined
  return said === undefined ? data : said
}
