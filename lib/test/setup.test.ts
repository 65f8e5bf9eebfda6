import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import { processFacts } from '../util/procfs.ts'

const SETUP = join(import.meta.dirname, '../../setup.mjs')

/** Says READY and its pid, then each signal that it gets; ends on SIGTERM with exit code 7, on SIGHUP by SIGKILL. */
const CHILD = `
process.on('SIGINT', () => console.log('SIGINT'))
process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(7) })
process.on('SIGHUP', () => process.kill(process.pid, 'SIGKILL'))
setInterval(() => {}, 60_000)
console.log(['READY', process.pid, ...process.argv.slice(2)].join(' '))
`

const check = (args: string[], env: Record<string, string>): { status: number | null; stdout: string } =>
  spawnSync(process.execPath, [SETUP, '--check', ...args], { encoding: 'utf8', env })

describe('setup.mjs --check', () => {
  it('names what is missing and exits 2', () => {
    const { status, stdout } = check([], { PATH: '' })
    expect(stdout).to.match(/^missing: RabbitMQ \(.*epmd, erl_call\)$/m)
    expect(status).to.equal(2)
  })

  it('asks the interpreter that was named, by option or by environment', () => {
    const env = { PATH: process.env['PATH'] ?? '' }
    const missing = 'missing: Mistral of /nowhere/python (an interpreter that runs as /nowhere/python)\n'
    expect(check(['--mistral-python', '/nowhere/python'], env)).to.include({ status: 2, stdout: missing })
    expect(check([], { ...env, CROSSWIND_MISTRAL_PYTHON: '/nowhere/python' })).to.include({
      status: 2,
      stdout: missing,
    })
  })

  it('refuses an unknown option', () => {
    expect(check(['--chek'], {}).status).to.equal(2)
  })
})

describe('setup.mjs -- FILE', () => {
  let folder: string
  let setup: ChildProcessByStdio<null, Readable, null>
  let lines: AsyncIterator<string>
  let childPid: number

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crosswind-setup-'))
    const file = join(folder, 'child.mjs')
    writeFileSync(file, CHILD)
    setup = spawn(process.execPath, [SETUP, '--quiet', '--', file, 'a b', '--check'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    lines = createInterface(setup.stdout)[Symbol.asyncIterator]()
    const [word, pid, ...args] = (await next()).split(' ')
    expect([word, ...args]).to.deep.equal(['READY', 'a', 'b', '--check'])
    childPid = Number(pid)
  })

  afterEach(() => {
    setup.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  const next = async (): Promise<string> => String((await lines.next()).value)
  const exitCode = async (): Promise<unknown> => {
    const [code] = await once(setup, 'exit')
    return code
  }

  it('passes on a signal, once also where it came twice at once, and the exit code', async () => {
    const ended = exitCode()
    // As a Ctrl-C under npm does: the terminal sends it, and npm too.
    setup.kill('SIGINT')
    setup.kill('SIGINT')
    expect(await next()).to.equal('SIGINT')
    setup.kill('SIGTERM')
    expect(await next()).to.equal('SIGTERM')
    expect(await ended).to.equal(7)
  })

  it('exits with 128 + n where signal n ended FILE', async () => {
    const ended = exitCode()
    setup.kill('SIGHUP')
    expect(await ended).to.equal(128 + 9)
  })

  it('keeps FILE in a session of its own, which a Ctrl-C of the terminal does not reach', () => {
    expect(processFacts(childPid)?.session).to.equal(childPid)
  })

  it('ends FILE when it is killed itself', async () => {
    setup.kill('SIGKILL')
    expect(await next()).to.equal('SIGTERM')
  })
})
