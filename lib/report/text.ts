import { stripVTControlCharacters } from 'node:util'
import { inSeconds } from '../util/clock.ts'

/**
 * Text of others (Mistral's, a log's) as a terminal may have it: without escape sequences and control characters
 * other than line feeds.
 */
export const plain = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    .replaceAll(/(?!\n)\p{Cc}/gu, '\uFFFD')
    .toWellFormed()

/** The same on one line. */
export const oneLine = (text: string): string => plain(text).replaceAll('\n', ' ')

/** At most so many characters; what is cut off is said. */
export const clip = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `${text.slice(0, most).toWellFormed()} … (${text.length - most} characters more)`

/**
 * Breaks a line at spaces, later lines indented two columns deeper than the first. A word that is wider than the
 * line stays whole: an id must remain one.
 */
export function wrap(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const indent = line.length - line.trimStart().length
  const hanging = ' '.repeat(indent + 2)
  const [first = '', ...words] = line.slice(indent).split(' ')
  const lines: string[] = []
  let current = ' '.repeat(indent) + first
  for (const word of words) {
    if (current.length + 1 + word.length <= width) current += ` ${word}`
    else {
      lines.push(current.trimEnd())
      current = hanging + word
    }
  }
  return [...lines, current]
}

/** `24.3 s`, from two minutes on `4 min 12 s`. */
export function duration(ms: number): string {
  if (ms < 120_000) return inSeconds(ms)
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`
