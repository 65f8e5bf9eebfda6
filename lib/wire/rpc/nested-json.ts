/**
 * JSON in a text that has it in strings in strings, read where it stands: nothing is unescaped until it is asked for, and
 * the text may have been cut. In a string in so many strings, n, each quote has 2^n - 1 backslashes before it:
 *
 *     {"a": "x"}            no backslash: the text's own
 *     {\"a\": \"x\"}        1, one string further in
 *     {\\\"a\\\": …         3
 */

const SPACE = 32
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPENING_BRACKET = 91
const BACKSLASH = 92
const CLOSING_BRACKET = 93
const OPENING_BRACE = 123
const CLOSING_BRACE = 125

/**
 * Where a string's content ends.
 * @param begin of the content, behind its opening quote.
 * @param slashes backslashes before the opening quote.
 * @returns -1 if its closing quote is not in the text, or a string around it ends before.
 */
export function endOfString(text: string, begin: number, slashes: number): number {
  for (let at = text.indexOf('"', begin); at >= 0; at = text.indexOf('"', at + 1)) {
    let run = at
    while (run > begin && text.charCodeAt(run - 1) === BACKSLASH) run--
    const more = at - run - slashes
    if (more < 0) return -1
    // A backslash of the string's own is slashes + 1 of them here, and an odd number of its own escapes the quote.
    if ((more / (slashes + 1)) % 2 === 0) return at - slashes
  }
  return -1
}

/** Behind the object or the array that begins here, or -1 if its end is not in the text. */
export function endOfNested(text: string, begin: number, slashes: number): number {
  let depth = 0
  for (let at = begin; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      const end = endOfString(text, at + 1, slashes)
      if (end < 0) return -1
      at = end + slashes
    } else if (char === OPENING_BRACE || char === OPENING_BRACKET) {
      depth++
    } else if (char === CLOSING_BRACE || char === CLOSING_BRACKET) {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** A value where it stands. */
export interface Piece {
  readonly text: string
  readonly begin: number
  readonly end: number
  /** Backslashes before each of its quotes. */
  readonly slashes: number
}

/** What a piece says, or undefined if it is no JSON. It shares no memory with the text. */
export function valueOf(piece: Piece): unknown {
  const { text, begin, end, slashes } = piece
  if (isString(piece)) {
    const plain = plainText(text, begin + slashes + 1, end - slashes - 1)
    if (plain !== undefined) return plain
  } else if (end - begin <= LONGEST_WORD) {
    const word = text.slice(begin, end)
    if (WORDS.has(word)) return WORDS.get(word)
  }
  let json: unknown = text.slice(begin, end)
  for (let strings = slashes; strings > 0; strings >>= 1) json = parseJson(`"${String(json)}"`)
  return typeof json === 'string' ? parseJson(json) : undefined
}

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])
const LONGEST_WORD = 'false'.length

/** A string's content in which nothing is escaped, as a copy; undefined if it is none. */
function plainText(text: string, begin: number, end: number): string | undefined {
  for (let at = begin; at < end; at++) {
    const char = text.charCodeAt(at)
    if (char === BACKSLASH || char < SPACE) return undefined
  }
  // A slice keeps all of the text in memory that it is of, and here that is a text of its own.
  return ` ${text.slice(begin, end)}`.slice(1)
}

/** What a JSON text says, or undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a string begins here. */
const opensString = (text: string, at: number, slashes: number): boolean =>
  text.charCodeAt(at + slashes) === QUOTE && (slashes === 0 || text.charCodeAt(at) === BACKSLASH)

const isString = ({ text, begin, slashes }: Piece): boolean => opensString(text, begin, slashes)

/** The JSON that a string contains, where it stands; undefined if the piece is no string. */
export function inside(piece: Piece): Piece | undefined {
  if (!isString(piece)) return undefined
  const { text, begin, end, slashes } = piece
  return { text, begin: begin + slashes + 1, end: end - slashes - 1, slashes: inString(slashes) }
}

/** The backslashes before each quote of a JSON text in a string, whose own quotes have so many. */
export const inString = (slashes: number): number => 2 * slashes + 1

/** A quote with its backslashes. */
export const quoteIn = (slashes: number): string => `${'\\'.repeat(slashes)}"`

/** Of a member: where its name and its value begin and end. */
const NUMBERS = 4

/** An object's members where they stand; a name with an escape in it, which no Python argument has, as it is written. */
export class Members {
  readonly #text: string
  readonly #slashes: number
  /** Of each member its numbers, one after the other. */
  readonly #places: number[] = []
  /** The members of the member that was to be looked into. */
  inner: Members | undefined
  /** They are all there. Otherwise something is missing, or is no JSON, and these come before it. */
  whole = false
  /** Behind the object, if it is whole. */
  end = 0

  constructor(text = '', slashes = 0) {
    this.#text = text
    this.#slashes = slashes
  }

  add(nameBegin: number, nameEnd: number, begin: number, end: number): void {
    this.#places.push(nameBegin, nameEnd, begin, end)
  }

  get names(): string[] {
    const names: string[] = []
    for (let at = 0; at < this.#places.length; at += NUMBERS)
      names.push(this.#text.slice(this.#places[at], this.#places[at + 1]))
    return names
  }

  /** The last one of this name. */
  get(name: string): Piece | undefined {
    const places = this.#places
    for (let at = places.length - NUMBERS; at >= 0; at -= NUMBERS) {
      if (!isName(this.#text, places[at] ?? 0, places[at + 1] ?? 0, name)) continue
      return {
        text: this.#text,
        begin: places[at + 2] ?? 0,
        end: places[at + 3] ?? 0,
        slashes: this.#slashes,
      }
    }
    return undefined
  }

  /** What the last one of this name says; undefined if there is none, or it is no JSON. */
  value(name: string): unknown {
    const piece = this.get(name)
    return piece && valueOf(piece)
  }

  /** The members of a member that is a string with an object in it. */
  objectIn(name: string): Members | undefined {
    const piece = this.get(name)
    return piece && membersIn(piece)
  }
}

/** The members of a piece that is a string with an object in it. */
export function membersIn(piece: Piece): Members | undefined {
  const json = inside(piece)
  if (!json || json.text.charCodeAt(json.begin) !== OPENING_BRACE) return undefined
  return readMembers(json.text, json.begin, json.slashes)
}

/** What to read of an object. */
interface Wanted {
  /** The name of a member to look into. */
  readonly inner?: string
  /** How a name begins with which the members begin that nobody wants. */
  readonly until?: string
}

/**
 * Reads an object's members.
 * @param at where its opening brace is, or a comma between its members.
 * @param slashes backslashes before each of its quotes.
 */
export function readMembers(text: string, at: number, slashes: number, wanted: Wanted = {}): Members {
  const members = new Members(text, slashes)
  let next = at
  do {
    const opening = afterSpace(text, next + 1)
    const begin = opening + slashes + 1
    const end = opensString(text, opening, slashes) ? endOfString(text, begin, slashes) : -1
    if (end < 0) {
      members.whole = text.charCodeAt(next) === OPENING_BRACE && text.charCodeAt(opening) === CLOSING_BRACE
      members.end = opening + 1
      return members
    }
    if (
      wanted.until !== undefined &&
      end - begin >= wanted.until.length &&
      text.startsWith(wanted.until, begin)
    ) {
      members.whole = true
      return members
    }
    const colon = afterSpace(text, end + slashes + 1)
    if (text.charCodeAt(colon) !== COLON) return members
    const value = afterSpace(text, colon + 1)
    const isInner = wanted.inner !== undefined && isName(text, begin, end, wanted.inner)
    let valueEnd: number
    if (isInner && text.charCodeAt(value) === OPENING_BRACE) {
      members.inner = readMembers(text, value, slashes)
      valueEnd = members.inner.whole ? members.inner.end : -1
    } else {
      valueEnd = endOfValue(text, value, slashes)
    }
    if (valueEnd < 0) return members
    members.add(begin, end, value, valueEnd)
    next = afterSpace(text, valueEnd)
  } while (text.charCodeAt(next) === COMMA)
  members.whole = text.charCodeAt(next) === CLOSING_BRACE
  members.end = next + 1
  return members
}

const isName = (text: string, begin: number, end: number, name: string): boolean =>
  end - begin === name.length && text.startsWith(name, begin)

const LITERAL = /[\w.+-]+/y

/** Behind a value, or -1 if its end is not in the text. */
function endOfValue(text: string, begin: number, slashes: number): number {
  if (opensString(text, begin, slashes)) {
    const end = endOfString(text, begin + slashes + 1, slashes)
    return end < 0 ? -1 : end + slashes + 1
  }
  const first = text.charCodeAt(begin)
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return endOfNested(text, begin, slashes)
  LITERAL.lastIndex = begin
  return LITERAL.test(text) && LITERAL.lastIndex < text.length ? LITERAL.lastIndex : -1
}

/** The place of the next character that is no space. What else comes before the space among all characters is in no JSON. */
function afterSpace(text: string, at: number): number {
  while (text.charCodeAt(at) <= SPACE) at++
  return at
}
