/**
 * `word`: a keyword or an unquoted identifier. `name`: a quoted identifier. `string`: a literal of any form.
 * `parameter`: `$1`. `mark`: one character of punctuation. Numbers are words, since nobody asks for them.
 */
export type TokenKind = 'word' | 'name' | 'string' | 'parameter' | 'mark'

const NEWLINE = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const DOLLAR = 0x24
const AMPERSAND = 0x26
const APOSTROPHE = 0x27
const STAR = 0x2a
const MINUS = 0x2d
const SLASH = 0x2f
const BACKSLASH = 0x5c

const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const PARAMETER = /\$\d+/y
const WORD = /[\w\u0080-\uffff$]+/y

/**
 * Reads SQL one token after the other, without white space and comments. It never fails: what has no end goes to the
 * end of the text. Backslashes escape in E'…' alone, as `standard_conforming_strings` has it since PostgreSQL 9.1.
 *
 * ```
 * const tokens = new Tokens(text)
 * while (tokens.next()) …
 * ```
 */
export class Tokens {
  readonly #text: string
  kind: TokenKind = 'mark'
  /** Where the token begins in the text, and where what follows it begins. */
  start = 0
  end = 0
  /** Of a string: where what is between its quotes begins and ends, and whether backslashes escape in it. */
  innerStart = 0
  innerEnd = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): boolean {
    this.start = this.#skipped(this.end)
    if (this.start >= this.#text.length) return false
    const code = this.#text.charCodeAt(this.start)
    if (code === APOSTROPHE) this.#string(this.start + 1, false)
    else if (code === QUOTE) this.#name(this.start)
    else if (code === DOLLAR) this.#dollar()
    else if (isWordCharacter(code)) this.#word(code)
    else this.#set('mark', this.start + 1)
    return true
  }

  /** A word in lower case, a quoted identifier without its quotes, anything else as it stands. */
  get text(): string {
    if (this.kind === 'word') return this.#text.slice(this.start, this.end).toLowerCase()
    if (this.kind === 'name') return this.#text.slice(this.innerStart, this.innerEnd).replaceAll('""', '"')
    return this.#text.slice(this.start, this.end)
  }

  /** What is between a string's quotes, its escapes as they stand. */
  get inner(): string {
    return this.#text.slice(this.innerStart, this.innerEnd)
  }

  /** Takes this string to be one in which backslashes escape, if it is longer then. */
  widen(): void {
    if (this.#text[this.innerStart - 1] !== "'") return
    const end = endOfString(this.#text, this.innerStart, true)
    if (end > this.innerEnd) this.#string(this.innerStart, true)
  }

  #set(kind: TokenKind, end: number): void {
    this.kind = kind
    this.end = end
  }

  #string(innerStart: number, backslashes: boolean): void {
    this.innerStart = innerStart
    this.innerEnd = endOfString(this.#text, innerStart, backslashes)
    this.#set('string', Math.min(this.innerEnd + 1, this.#text.length))
  }

  #name(quote: number): void {
    this.innerStart = quote + 1
    this.innerEnd = endOfQuoted(this.#text, quote + 1, '"')
    this.#set('name', Math.min(this.innerEnd + 1, this.#text.length))
  }

  /** A parameter, a dollar-quoted string, or a stray character. */
  #dollar(): void {
    const parameter = matchAt(PARAMETER, this.#text, this.start)
    if (parameter > this.start) return this.#set('parameter', parameter)
    const opened = matchAt(DOLLAR_TAG, this.#text, this.start)
    if (opened === this.start) return this.#set('mark', this.start + 1)
    const tag = this.#text.slice(this.start, opened)
    const closing = this.#text.indexOf(tag, opened)
    this.innerStart = opened
    this.innerEnd = closing === -1 ? this.#text.length : closing
    this.#set('string', closing === -1 ? this.#text.length : closing + tag.length)
  }

  /** A word, or a string or a quoted identifier with a letter in front: E'…', B'…', X'…', N'…', U&'…', U&"…". */
  #word(first: number): void {
    const letter = String.fromCharCode(first).toLowerCase()
    const second = this.#text.charCodeAt(this.start + 1)
    if (second === APOSTROPHE && 'ebxn'.includes(letter)) return this.#string(this.start + 2, letter === 'e')
    if (second === AMPERSAND && letter === 'u') {
      const third = this.#text.charCodeAt(this.start + 2)
      if (third === APOSTROPHE) return this.#string(this.start + 3, false)
      if (third === QUOTE) return this.#name(this.start + 2)
    }
    this.#set('word', matchAt(WORD, this.#text, this.start))
  }

  /** Where white space and comments from here on end. */
  #skipped(from: number): number {
    let at = from
    for (;;) {
      const code = this.#text.charCodeAt(at)
      const next = this.#text.charCodeAt(at + 1)
      if (code <= SPACE) at += 1
      else if (code === MINUS && next === MINUS) at = endOfLine(this.#text, at)
      else if (code === SLASH && next === STAR) at = endOfComment(this.#text, at)
      else return at
    }
  }
}

const isWordCharacter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x30 && code <= 0x39) ||
  code === 0x5f ||
  code >= 0x80

/** Where a sticky expression's match at `at` ends; `at` itself if there is none. */
function matchAt(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at
  return expression.test(text) ? expression.lastIndex : at
}

const endOfString = (text: string, from: number, backslashes: boolean): number =>
  backslashes ? endOfEscaped(text, from) : endOfQuoted(text, from, "'")

/** Where the closing quote stands; two quotes in a row are one inside. */
function endOfQuoted(text: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf(quote, at)
    if (at === -1) return text.length
    if (text[at + 1] !== quote) return at
  }
}

/** The same where a backslash escapes what follows it. */
function endOfEscaped(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === APOSTROPHE && text.charCodeAt(at + 1) === APOSTROPHE) at += 1
    else if (code === APOSTROPHE) return at
  }
  return text.length
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf(String.fromCharCode(NEWLINE), from)
  return end === -1 ? text.length : end
}

/** Comments of this form nest. */
function endOfComment(text: string, from: number): number {
  const edge = /\/\*|\*\//g
  edge.lastIndex = from
  let depth = 0
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return text.length
}
