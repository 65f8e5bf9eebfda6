import { Tokens } from './tokens.ts'

const MAX_LENGTH = 4096
const BLANK = '***'
const BLANK_LITERAL = `'${BLANK}'`

/** In a name: of a column, an option, a key. Rather one too many: OpenStack has "adminPass", "auth_token", "user_pass". */
const SECRET = /pass|secret|token|identified|credential/i

/** In a literal, up to where its value begins: `"key": "`, also with the backslashes of JSON within JSON. */
const JSON_KEY = /"([^"\\]*)\\*"\s*:\s*\\*"/g
/** From there to the quote that ends it; one behind a backslash does not, so that rather too much is blanked. */
const JSON_VALUE = /(?:[^"\\]|\\"?)*/y
/** `key=value`, as in a connection string. Where values are quoted, the whole literal is blanked. */
const SETTING = /(?<!\w)(\w+\s*=\s*)(\\?'|[^\s&'";]+)/g
/** The password in `scheme://user:password@host`, or in one that was cut before its end. */
const URL_PASSWORD = /(:\/\/[^\s:/@'"]*:)[^\s/@'"]+(?=@|$)/g

/**
 * A query's text for people to read: without secrets, and of at most `maxLength` characters, an ellipsis at the end if
 * it was longer. Passwords of roles are blanked (PASSWORD '…', IDENTIFIED BY '…'), and so are all literals that follow a
 * word like password, secret or token in a statement, and what JSON, connection strings and URLs hold under such a name.
 */
export function redactSql(text: string, maxLength = MAX_LENGTH): string {
  const head = text.slice(0, maxLength)
  const tokens = new Tokens(head)
  const parts: string[] = []
  let last = 0
  let secret = false
  while (tokens.next()) {
    parts.push(withoutSecretComment(head.slice(last, tokens.start)))
    if (secret && tokens.kind === 'string') tokens.widen()
    const token = head.slice(tokens.start, tokens.end)
    last = tokens.end
    if (tokens.kind === 'string') {
      parts.push(secret ? BLANK_LITERAL : redactLiteral(token))
    } else {
      secret = token !== ';' && (secret || SECRET.test(token))
      parts.push(token)
    }
  }
  parts.push(withoutSecretComment(head.slice(last)))
  const redacted = parts.join('')
  const isCut = text.length > maxLength || redacted.length > maxLength
  return isCut ? `${redacted.slice(0, maxLength - 1)}…` : redacted
}

/** Where an error's text quotes what the server was given: at its end, behind a colon or where a syntax error is. */
const GIVEN = /(: | at or near )".*"$/s

/** The text of a server's error for people to read: without the value that it quotes, and redacted as a query's is. */
export const redactError = (text: string): string => redactSql(text.replace(GIVEN, `$1"${BLANK}"`))

/** What is between two tokens: white space, and perhaps a comment. */
const withoutSecretComment = (gap: string): string => (SECRET.test(gap) ? ' ' : gap)

function redactLiteral(literal: string): string {
  if (!/[:=]/.test(literal)) return literal
  for (const [, name = '', value = ''] of literal.matchAll(SETTING)) {
    if (SECRET.test(name) && value.endsWith("'")) return BLANK_LITERAL
  }
  return redactJson(literal)
    .replaceAll(SETTING, (all, name: string) => (SECRET.test(name) ? name + BLANK : all))
    .replaceAll(URL_PASSWORD, `$1${BLANK}`)
}

function redactJson(literal: string): string {
  let redacted = ''
  let done = 0
  JSON_KEY.lastIndex = 0
  for (let key = JSON_KEY.exec(literal); key; key = JSON_KEY.exec(literal)) {
    const valueStart = JSON_KEY.lastIndex
    // A value that is no secret may have keys of its own inside.
    if (!SECRET.test(key[1]!)) continue
    JSON_VALUE.lastIndex = valueStart
    JSON_VALUE.test(literal)
    redacted += literal.slice(done, valueStart) + BLANK
    done = JSON_VALUE.lastIndex
    JSON_KEY.lastIndex = done
  }
  return redacted + literal.slice(done)
}
