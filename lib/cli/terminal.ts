import type { Terminal } from '../report/console.ts'

/** How to write to a stream: colour and width only where a person reads it. NO_COLOR: see no-color.org. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  const colour = stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  // A terminal that does not know its width says 0.
  return { colour, width: stream.isTTY && stream.columns > 0 ? stream.columns : Infinity }
}
