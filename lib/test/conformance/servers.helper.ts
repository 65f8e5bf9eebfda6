import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { startToxiproxy } from '../../api/server.ts'
import { freePort } from '../../util/ports.ts'
import { poll } from '../../util/poll.ts'
import { toxics } from '../../../toxics/index.ts'

/** A server of a contract's tests while it runs. */
export interface Serving extends AsyncDisposable {
  readonly url: string
}

/** A server that is to keep the contract. */
export interface Candidate {
  readonly name: string
  /** A real Toxiproxy, with its failures. */
  readonly real: boolean
  /** It is everybody's: what would end it is not done to it. */
  readonly shared: boolean
  /** Starts one that nobody else uses, unless it is shared. */
  readonly start: () => Promise<Serving>
}

const ours: Candidate = {
  name: 'our server',
  real: false,
  shared: false,
  start: () => startToxiproxy({ toxics, seed: 'conformance', metrics: true }),
}

/** What to say where there is no real one. */
export const NONE_REAL =
  'left out: no toxiproxy-server on PATH, no program at $TOXIPROXY_SERVER, and no server at $TOXIPROXY_URL'

/** Ours always, and the real ones that there are. */
export function candidates(env: NodeJS.ProcessEnv = process.env): Candidate[] {
  const { TOXIPROXY_URL: url } = env
  const program = env['TOXIPROXY_SERVER'] || programOn(env['PATH'] ?? '')
  return [
    ours,
    ...(program
      ? [{ name: `the real one, ${program}`, real: true, shared: false, start: () => startReal(program) }]
      : []),
    ...(url ? [{ name: `the real one at ${url}`, real: true, shared: true, start: () => at(url) }] : []),
  ]
}

const programOn = (path: string): string | undefined =>
  path
    .split(delimiter)
    .map((folder) => join(folder, 'toxiproxy-server'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const at = async (url: string): Promise<Serving> => ({
  url: url.replace(/\/+$/, ''),
  [Symbol.asyncDispose]: async () => {},
})

async function startReal(program: string): Promise<Serving> {
  const port = await freePort()
  const args = ['-host', '127.0.0.1', '-port', String(port), '-proxy-metrics', '-runtime-metrics']
  const child = spawn(program, args, { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const answers = () => fetch(`${url}/version`).then(({ ok }) => ok || undefined, failed(child, program))
  await poll(answers, { what: `${program} answers`, deadlineMs: 10_000, everyMs: 20 })
  return { url, [Symbol.asyncDispose]: () => end(child) }
}

const failed = (child: ChildProcess, program: string) => (): undefined => {
  if (child.exitCode !== null) throw new Error(`${program} has ended with ${child.exitCode}`)
}

/** One that hangs takes no other signal. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
