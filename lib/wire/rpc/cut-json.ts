/** The object and the objects that are its members: what deeper ones say is taken whole or not at all. */
const OPEN_OBJECTS = 2

/**
 * Makes JSON of a JSON object's text that was cut, without what was not complete: its members up to the last one of
 * which the end can be seen, and the same of the members that are objects themselves.
 *
 *     {"a": {"b": [1, 2], "c": "tex   →   {"a": {"b": [1, 2]}}
 *
 * @returns undefined if nothing was complete.
 */
export function closeCutJson(text: string): string | undefined {
  const closers: string[] = []
  let depth = 0
  let complete = 0
  let missing = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      at = endOfString(text, at)
      if (at < 0) break
    } else if (char === '{' || char === '[') {
      if (depth < OPEN_OBJECTS) closers[depth] = char === '{' ? '}' : ']'
      depth++
    } else if (char === '}' || char === ']') {
      depth--
      if (depth < 1) break
    }
    const ends = char === ',' ? at : char === '}' || char === ']' ? at + 1 : 0
    if (ends > 0 && depth <= OPEN_OBJECTS && !closers.slice(0, depth).includes(']')) {
      complete = ends
      missing = '}'.repeat(depth)
    }
  }
  return complete > 0 ? text.slice(0, complete) + missing : undefined
}

/** Where the string that begins here has its closing quote, or -1. */
function endOfString(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let escape = quote
    while (text[escape - 1] === '\\') escape--
    if ((quote - escape) % 2 === 0) return quote
  }
  return -1
}
