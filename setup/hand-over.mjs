import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants as system } from 'node:os'
import { delimiter, resolve } from 'node:path'
import { BIN, isExecutable, NODE_24, pathFolders, ROOT } from './machine.mjs'
import { SIGNALS } from './step.mjs'

/** One Ctrl-C under npm arrives twice, from the terminal and from npm; a second one by hand comes later than this. */
const SAME_SIGNAL_MS = 250

/**
 * Runs FILE on Node 24 until it ends, and returns its exit code.
 *
 * It has a session of its own, so that what reaches it is only what is forwarded here, once: a Ctrl-C would else
 * come from the terminal, from npm and from us, and a second one means "at once". A `kill -9` of this process
 * cannot be forwarded: setpriv (of util-linux) has the kernel send a SIGTERM then.
 */
export async function handOver([file, ...args], python) {
  const lifeline = isExecutable('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM'] : []
  const [command, ...rest] = [...lifeline, NODE_24, resolve(ROOT, file), ...args]
  const env = { ...process.env, PATH: [BIN, ...pathFolders()].join(delimiter) }
  if (python) env.CROSSWIND_MISTRAL_PYTHON = python
  const child = spawn(command, rest, { stdio: 'inherit', env, detached: true })
  const last = new Map()
  for (const signal of SIGNALS)
    process.on(signal, () => {
      const now = performance.now()
      if (now - (last.get(signal) ?? -Infinity) < SAME_SIGNAL_MS) return
      last.set(signal, now)
      child.kill(signal)
    })
  const [code, signal] = await once(child, 'exit')
  return code ?? 128 + system.signals[signal]
}
