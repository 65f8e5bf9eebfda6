import { endOfNested, endOfString } from './nested-json.ts'

/**
 * What a key has in its name if its value is a secret: in Mistral's context (auth_token, trust_id, service_catalog, which
 * has endpoints with names of their users' projects, and the profiler's hmac_key), in inputs of actions and in
 * environments. `auth` is what std.http calls its password.
 */
const SECRET =
  /passw|passphrase|pass_?code|token|secret|credential|catalog|authorization|cookie|trust_?id|hmac_?key|private_?key|api_?key|access_?key|admin_?pass|(?<![\w.-])(?:auth|pass|pwd)(?![\w.-])/gi

/** `scheme://user:password@host`, or the end of a text that was cut there; longer ones than these are none. */
const USER_INFO = /(:\/\/[^\s/:@"'\\]{0,128}):[^\s/@"'\\]{1,256}(@|$)/g

const BLANK = '***'

/**
 * A text with its secrets blanked: the values of keys with telling names, in JSON of any depth of strings in strings, in
 * Python's way to write it, and in `key: value` and `key=value`; and passwords in URLs. The text may have been cut
 * anywhere; a value without an end is blanked to the end. The rest stays as it is.
 */
export function redactText(text: string): string {
  const plain = text.includes('u00') ? text.replace(ESCAPED_LETTER, unescapeLetter) : text
  let out = ''
  let done = 0
  SECRET.lastIndex = 0
  for (let match = SECRET.exec(plain); match; match = SECRET.exec(plain)) {
    const value = valueAfter(plain, SECRET.lastIndex)
    if (!value) continue
    out += plain.slice(done, value.begin) + value.blank
    done = value.end
    SECRET.lastIndex = Math.max(value.end, SECRET.lastIndex)
  }
  return (out + plain.slice(done)).replace(USER_INFO, `$1:${BLANK}$2`)
}

/** Nobody but who wants to hide something writes a letter, a digit or an underscore like this. */
const ESCAPED_LETTER = /\\+u00(3\d|[46][1-9a-f]|[57][0-9a]|5f)/gi
const unescapeLetter = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))

/** Where a secret's value begins and ends, and what to put there. */
interface Value {
  begin: number
  end: number
  blank: string
}

/** Behind the word: the rest of the key, its closing quote if it has one, a colon or an equals sign. */
const AFTER_WORD = /[\w.-]{0,64}(\\*)(["']?)\s{0,8}(?::|=>?)\s{0,8}/y
/** A value in quotes, at whatever depth; Python's have a letter before them sometimes. */
const OPENING = /[bru]?(\\*)(["'])/y
/** A value without quotes, with the scheme of an Authorization before it. */
const BARE = /(?:(?:Bearer|Basic|Digest)\s{1,8})?[^\s,;&"'\\)}\]]+/iy
/** What is no secret whatever its key says. */
const HARMLESS = /(?:null|None|true|True|false|False|\{\}|\[\])(?![\w.-])/y
/** In Python's way to write them a quote with a backslash is one of the string's own, more or less. */
const PYTHON_CLOSING = /(?<!\\)'/g

/** What a sticky or global pattern finds from a place on. */
function find(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** The value that belongs to a key, which has been read up to somewhere in its name; undefined if it is no key. */
function valueAfter(text: string, at: number): Value | undefined {
  const [head, slashes = '', quote = ''] = find(AFTER_WORD, text, at) ?? []
  if (head === undefined) return undefined
  const begin = at + head.length
  if (find(HARMLESS, text, begin)) return undefined
  const blank = quote === '' ? BLANK : slashes + quote + BLANK + slashes + quote
  const opening = find(OPENING, text, begin)
  if (opening) {
    const inside = OPENING.lastIndex
    const [, itsSlashes = '', mark] = opening
    const end =
      mark === '"'
        ? endOfString(text, inside, itsSlashes.length)
        : (find(PYTHON_CLOSING, text, inside)?.index ?? -1)
    return { begin: inside, end: end < 0 ? text.length : end, blank: BLANK }
  }
  if (text[begin] === '{' || text[begin] === '[') {
    const end = endOfNested(text, begin, slashes.length)
    return { begin, end: end < 0 ? text.length : end, blank }
  }
  const bare = find(BARE, text, begin)
  return bare ? { begin, end: begin + bare[0].length, blank } : undefined
}

/**
 * A message's body as text for a journal: its head, with secrets blanked.
 * @param maxBytes of the text in UTF-8.
 */
export function redactBody(body: Buffer, maxBytes: number): string {
  const head = textOf(body.subarray(0, maxBytes))
  if (head === undefined) return `(${body.length} bytes that are no text)`.slice(0, maxBytes)
  const redacted = redactText(head)
  if (Buffer.byteLength(redacted) <= maxBytes) return redacted
  return textOf(Buffer.from(redacted).subarray(0, maxBytes)) ?? ''
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const LONGEST_CHARACTER = 4
/** The first byte of a character of two bytes, of three and of four is no less than this; one that goes on is less. */
const FIRST_OF = [0xc0, 0xe0, 0xf0]

/** Text in UTF-8, without a last character that was cut; undefined if it is none. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return UTF_8.decode(bytes.subarray(0, endOfCharacters(bytes)))
  } catch {
    return undefined
  }
}

/** Where the last character ends that is whole. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number
    const length = 1 + FIRST_OF.filter((first) => byte >= first).length
    if (length > 1) return length > back ? bytes.length - back : bytes.length
    if (byte < 0x80) break
  }
  return bytes.length
}
