/** The ways to the service that are compared: each in a process of its own, as long as it is needed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../util/ports.ts'
import { poll } from '../../util/poll.ts'
import { Admin } from './admin.ts'

export type WayName = 'direct' | 'ours' | 'pipe' | 'HAProxy' | 'Toxiproxy'

/** A way that is open. */
export interface Way extends AsyncDisposable {
  readonly name: WayName
  readonly port: number
  /** The proxy's process; direct has none. */
  readonly pid?: number
  /** Where it has toxics. */
  readonly admin?: Admin
}

/** A way that can be opened, anew for figures that need a fresh process. */
export interface Launch {
  readonly name: WayName
  /** @param service the port behind it. */
  open(service: number): Promise<Way>
}

/** Our servers and programs that this machine has. */
export function availableWays(): { ways: Launch[]; missing: string[] } {
  const haproxy = programOf('haproxy')
  const toxiproxy = process.env['TOXIPROXY_SERVER'] || programOf('toxiproxy-server')
  const ways: Launch[] = [
    {
      name: 'direct',
      open: async (port) => ({ name: 'direct', port, [Symbol.asyncDispose]: async () => {} }),
    },
    { name: 'ours', open: openOurs },
    { name: 'pipe', open: openPipe },
    ...(haproxy ? [{ name: 'HAProxy' as const, open: (port: number) => openHaproxy(haproxy, port) }] : []),
    ...(toxiproxy ? [{ name: 'Toxiproxy' as const, open: (port: number) => openReal(toxiproxy, port) }] : []),
  ]
  const missing = [
    ...(haproxy ? [] : ['HAProxy is left out: no haproxy on PATH']),
    ...(toxiproxy ? [] : ['Toxiproxy is left out: $TOXIPROXY_SERVER names no program and none is on PATH']),
  ]
  return { ways, missing }
}

function programOf(name: string): string | undefined {
  const found = spawnSync('/bin/sh', ['-c', `command -v ${name} || ls /usr/sbin/${name}`], {
    encoding: 'utf8',
  })
  return found.status === 0 ? found.stdout.trim() : undefined
}

async function openOurs(service: number): Promise<Way> {
  const child = startNode(new URL('ours.ts', import.meta.url))
  const admin = new Admin(await firstLine(child))
  return openedAt('ours', child, await admin.create('bench', service), admin)
}

async function openPipe(service: number): Promise<Way> {
  const child = startNode(new URL('pipe.ts', import.meta.url), String(service))
  return openedAt('pipe', child, Number(await firstLine(child)))
}

async function openReal(program: string, service: number): Promise<Way> {
  const port = await freePort()
  const child = spawn(program, ['-port', String(port)], { stdio: 'ignore' })
  await answers(port)
  const admin = new Admin(`http://127.0.0.1:${port}`)
  return openedAt('Toxiproxy', child, await admin.create('bench', service), admin)
}

async function openHaproxy(program: string, service: number): Promise<Way> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'crosswind-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, haproxyConfiguration(port, service))
  const child = spawn(program, ['-db', '-f', file], { stdio: 'ignore' })
  await answers(port)
  rmSync(folder, { recursive: true })
  return openedAt('HAProxy', child, port)
}

/** As many threads as it takes by itself; connections may idle. */
const haproxyConfiguration = (port: number, service: number): string => `
global
  maxconn 9000
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:${port} backlog 4096
  server service 127.0.0.1:${service}
`

function startNode(file: URL, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  return line.toString().trim()
}

async function answers(port: number): Promise<void> {
  const look = () =>
    new Promise<true | undefined>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(undefined))
    })
  await poll(look, { what: `a proxy listens on ${port}`, deadlineMs: 5000, everyMs: 20 })
}

function openedAt(name: WayName, child: ChildProcess, port: number, admin?: Admin): Way {
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return {
    name,
    port,
    ...(child.pid !== undefined && { pid: child.pid }),
    ...(admin && { admin }),
    [Symbol.asyncDispose]: end,
  }
}
