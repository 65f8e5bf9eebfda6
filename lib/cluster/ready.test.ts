import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../util/ports.ts'
import { startProcess } from './process.ts'
import { answers, awaitReady, logged, onFreePort, portOpen } from './ready.ts'

const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'it was ready', String)

describe('readiness', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'crosswind-test-'))
  })

  after(() => rmSync(folder, { recursive: true }))

  const shell = (script: string) =>
    startProcess({
      name: 'broker',
      command: '/bin/sh',
      args: ['-c', script],
      env: { PATH: process.env['PATH'] ?? '' },
      cwd: folder,
      log: join(folder, `${script.replaceAll(/\W/g, '').slice(0, 40)}.log`),
    })

  it('comes with a text in the log', async () => {
    const one = await shell('echo at last; exec sleep 60')
    await awaitReady(one, logged(one, 'at last'), 5000)
    await one.end('SIGKILL', 0)
  })

  it('is not when the process ends: its exit and the end of its log are told', async () => {
    const one = await shell('echo no disk; exit 4')
    const never = answers('it answers', () => Promise.resolve(false))
    expect(await failure(awaitReady(one, never, 5000))).to.match(
      /^HarnessError: broker ended \(status 4\) before it answers; the end of \S+:\nno disk$/,
    )
  })

  it('has a deadline: what was awaited, for how long, and the end of the log are told', async () => {
    const one = await shell('echo thinking; exec sleep 60')
    await awaitReady(one, logged(one, 'thinking'), 5000)
    const never = answers('it answers', () => Promise.reject(new Error('refused')))
    expect(await failure(awaitReady(one, never, 50))).to.match(
      /^HarnessError: broker is not ready: it answers: not within 0.1 s; the end of \S+:\nthinking$/,
    )
    await one.end('SIGKILL', 0)
  })

  it('is given up when it is told to', async () => {
    const one = await shell('exec sleep 60')
    const never = answers('it answers', () => Promise.resolve(false))
    expect(await failure(awaitReady(one, never, 5000, AbortSignal.abort()))).to.match(/^AbortError/)
    await one.end('SIGKILL', 0)
  })

  it('of a port is that it accepts connections', async () => {
    const server = createServer((socket) => socket.end())
    const port = await freePort()
    expect(await portOpen(port).met()).to.equal(false)
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve)
    })
    expect(await portOpen(port).met()).to.equal(true)
    await new Promise((resolve) => server.close(resolve))
  })

  it('is tried on another port when one was taken, three times, and for nothing else', async () => {
    const never = answers('it answers', () => Promise.resolve(false))
    let tries = 0
    const starting = (script: string) => async () => {
      tries += 1
      await awaitReady(await shell(script), never, 5000)
    }
    expect(await failure(onFreePort(starting('echo eaddrinuse; exit 1')))).to.match(/^PortTakenError: /)
    expect(tries).to.equal(3)
    expect(await failure(onFreePort(starting('echo no memory; exit 1')))).to.match(/^HarnessError: /)
    expect(tries).to.equal(4)
  })
})
