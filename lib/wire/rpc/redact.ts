/**
 * What a key has in its name if its value is a secret: in Mistral's context (auth_token, trust_id, service_catalog, which
 * has endpoints with names of their users' projects, and the profiler's hmac_key), in inputs of actions and in
 * environments. `auth` is what std.http calls its password.
 */
const SECRET =
  /passw|passphrase|pass_?code|token|secret|credential|catalog|authorization|cookie|trust_?id|hmac_?key|private_?key|api_?key|access_?key|admin_?pass|(?<![\w.-])(?:auth|pass|pwd)(?![\w.-])/gi

/** `scheme://user:password@host`; longer ones than these are none. */
const USER_INFO = /(:\/\/[^\s/:@"'\\]{0,128}):[^\s/@"'\\]{1,256}@/g

const BLANK = '***'

/**
 * A text with its secrets blanked: the values of keys with telling names, in JSON of any depth of strings in strings, in
 * Python's way to write it, and in `key: value` and `key=value`; and passwords in URLs. The text may have been cut
 * anywhere; a value without an end is blanked to the end. The rest stays as it is.
 */
export function redactText(text: string): string {
  const plain = text.includes('\\u00') ? text.replace(ESCAPED_LETTER, unescapeLetter) : text
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
  return (out + plain.slice(done)).replace(USER_INFO, `$1:${BLANK}@`)
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

/** `key` + what comes here: the rest of the key, its closing quote if it has one, a colon or an equals sign, a value. */
const AFTER_WORD = /[\w.-]{0,64}(\\*)(["']?)\s{0,8}(?::|=>?)\s{0,8}/y
/** A value without quotes, with the scheme of an Authorization before it. */
const BARE = /(?:(?:Bearer|Basic|Digest)\s{1,8})?[^\s,;&"'\\)}\]]+/iy
/** As in b'bytes'. */
const PYTHON_PREFIX = /^[bu]["']/
/** What is no secret whatever its key says. */
const HARMLESS = /(?:null|None|true|True|false|False|\{\}|\[\])(?![\w.-])/y

/** The value that belongs to a key, of which the name has been read up to a place in it; undefined if it is no key. */
function valueAfter(text: string, at: number): Value | undefined {
  AFTER_WORD.lastIndex = at
  const [head, slashes = '', quote = ''] = AFTER_WORD.exec(text) ?? []
  if (head === undefined) return undefined
  const begin =
    at + head.length + (PYTHON_PREFIX.test(text.slice(at + head.length, at + head.length + 2)) ? 1 : 0)
  HARMLESS.lastIndex = begin
  if (HARMLESS.test(text)) return undefined
  const opening = slashes + (quote || '"')
  const first = text[begin]
  if (first === '{' || first === '[') {
    return { begin, end: endOfNested(text, begin, slashes.length), blank: opening + BLANK + opening }
  }
  for (const mark of ['"', "'"]) {
    if (!text.startsWith(slashes + mark, begin)) continue
    const inside = begin + slashes.length + 1
    return { begin: inside, end: endOfString(text, inside, slashes.length, mark), blank: BLANK }
  }
  BARE.lastIndex = begin
  const bare = BARE.exec(text)?.[0]
  if (bare === undefined) return undefined
  return { begin, end: begin + bare.length, blank: quote ? opening + BLANK + opening : BLANK }
}

/**
 * Where the string's content ends that begins here. In JSON that is n times inside a string a quote has 2^n - 1
 * backslashes before it, one of the content (2^n) times as many again for each of its own: an odd number of these more.
 * Fewer are the end of a string around it.
 */
function endOfString(text: string, begin: number, slashes: number, quote: string): number {
  for (let at = text.indexOf(quote, begin); at >= 0; at = text.indexOf(quote, at + 1)) {
    let run = at
    while (run > begin && text[run - 1] === '\\') run--
    const more = at - run - slashes
    if (more < 0) return run
    if ((more / (slashes + 1)) % 2 === 0) return at - slashes
  }
  return text.length
}

const STRUCTURE = /["{}[\]]/g

/** Where the object or the array ends that begins here. */
function endOfNested(text: string, begin: number, slashes: number): number {
  let depth = 0
  STRUCTURE.lastIndex = begin
  for (let match = STRUCTURE.exec(text); match; match = STRUCTURE.exec(text)) {
    if (match[0] === '"') {
      STRUCTURE.lastIndex = endOfString(text, STRUCTURE.lastIndex, slashes, '"') + slashes + 1
      continue
    }
    depth += match[0] === '{' || match[0] === '[' ? 1 : -1
    if (depth === 0) return STRUCTURE.lastIndex
  }
  return text.length
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

/** Text in UTF-8, without a last character that was cut; undefined if it is none. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}
