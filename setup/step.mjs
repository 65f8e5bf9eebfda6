/** One step of the set-up, and how it says that it went wrong. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants as system } from 'node:os'
import { ROOT } from './machine.mjs'

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const LAST_LINES = 15

/** Something is missing and stays so: exit code 2, and the text says what to do. */
export class SetupError extends Error {}

export const say = (text) => process.stderr.write(text)

/**
 * Runs one step and says how long it took.
 * A signal goes on to the step, which ends in good order (dpkg is not cut off), and ends the set-up after it.
 */
export async function step(label, command, args, { env = process.env, advice }) {
  const begun = performance.now()
  say(`Crosswind: ${label} …`)
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-20_000)))

  let interrupted
  const forward = (signal) => {
    if (!interrupted) say(' interrupted, waiting for it to end in good order …')
    interrupted = signal
    try {
      process.kill(child.pid, signal)
    } catch {
      // It has ended, or is root's and has been told by the terminal.
    }
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  const code = await once(child, 'close').then(
    ([status]) => status,
    (error) => {
      output += error.message
      return 1
    },
  )
  for (const signal of SIGNALS) process.off(signal, forward)

  say(` ${((performance.now() - begun) / 1000).toFixed(1)} s${code === 0 || interrupted ? '' : ', failed'}\n`)
  if (interrupted) process.exit(128 + system.signals[interrupted])
  if (code === 0) return
  const lastLines = output.trimEnd().split('\n').slice(-LAST_LINES)
  throw new SetupError([...lastLines.map((line) => `  | ${line}`), advice].join('\n'))
}
