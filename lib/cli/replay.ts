import { shellWord } from '../util/shell.ts'

/**
 * This command line again, as a POSIX shell takes it.
 * @param program What stands before the words: `npm start --`.
 * @param from The first word of process.argv that is kept.
 * @param more Words at the end, such as a seed that was chosen.
 */
export const commandLine = (program: string, from: number, more: readonly string[] = []): string =>
  [program, ...[...process.argv.slice(from), ...more].map(shellWord)].join(' ')
