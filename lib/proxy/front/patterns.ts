/** `*` stands for anything; '' asks for nothing. */
export function isLike(text: string, wanted: string): boolean {
  if (wanted === '' || text === wanted) return true
  if (!wanted.includes('*')) return false
  const parts = wanted.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
  return patternOf(`^${parts.join('.*')}$`).test(text)
}

const PATTERNS_KEPT = 100
const patterns = new Map<string, RegExp>()

/** A regular expression in which a dot is any character, also the end of a line; `i`: case does not count. */
export function patternOf(source: string, flags: 's' | 'is' = 's'): RegExp {
  const key = `${flags}:${source}`
  const known = patterns.get(key)
  if (known) return known
  if (patterns.size >= PATTERNS_KEPT) patterns.clear()
  const pattern = new RegExp(source, flags)
  patterns.set(key, pattern)
  return pattern
}
