import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { poll } from '../util/poll.ts'
import { processFacts } from '../util/procfs.ts'
import { groupMembers, lastLines, startProcess, type RunningProcess } from './process.ts'

const until = (what: string, met: () => boolean) =>
  poll(() => met() || undefined, { what, deadlineMs: 5000, everyMs: 5 })

describe('a process of its own group', () => {
  let folder: string
  const started: RunningProcess[] = []
  let count = 0

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'crosswind-test-'))
  })

  afterEach(async () => {
    for (const one of started.splice(0)) await one.end('SIGKILL', 0)
  })

  after(() => rmSync(folder, { recursive: true }))

  async function shell(script: string): Promise<RunningProcess> {
    count += 1
    const log = join(folder, `${count}.log`)
    const env = { PATH: process.env['PATH'] ?? '' }
    const one = await startProcess({
      name: 'sh',
      command: '/bin/sh',
      args: ['-c', script],
      env,
      cwd: folder,
      log,
    })
    started.push(one)
    return one
  }

  it('leads a session and a group, and is known by its start', async () => {
    const one = await shell('exec sleep 60')
    const { pid, start } = one
    expect(processFacts(pid)).to.include({ pid, start, group: pid, session: pid, parent: process.pid })
    expect(one.exit()).to.equal(undefined)
  })

  it('ends with everything that it has started', async () => {
    const one = await shell('sleep 60 & sleep 60 & wait')
    await until('the group is complete', () => groupMembers(one.pid).length === 3)
    await one.end('SIGTERM', 5000)
    expect(groupMembers(one.pid)).to.deep.equal([])
    expect(one.exit()).to.deep.equal({ code: null, signal: 'SIGTERM' })
    expect(one.endAsked()).to.equal(true)
  })

  it('ends with SIGKILL when it does not heed a milder signal in time', async () => {
    const one = await shell('trap "" TERM; echo deaf; while :; do sleep 60; done')
    await until('it is deaf', () => lastLines(one.log) === 'deaf')
    await one.end('SIGTERM', 100)
    expect(groupMembers(one.pid)).to.deep.equal([])
    expect(await one.exited).to.deep.equal({ code: null, signal: 'SIGKILL' })
  })

  it('ends by a mild signal also while it is paused', async () => {
    // It starts nothing more: a shell that is stopped while it starts a child waits for that child, and is not "stopped".
    const one = await shell('sleep 60 & trap "exit 7" TERM; echo ready; wait')
    await until('it is ready', () => lastLines(one.log) === 'ready')
    one.signal('SIGSTOP')
    await until('it is paused', () => processFacts(one.pid)?.state === 'T')
    await one.end('SIGTERM', 5000)
    expect(one.exit()).to.deep.equal({ code: 7, signal: null })
  })

  it('that has ended can be ended again', async () => {
    const one = await shell('exit 3')
    expect(await one.exited).to.deep.equal({ code: 3, signal: null })
    expect(one.endAsked()).to.equal(false)
    one.signal('SIGTERM')
    await one.end('SIGTERM', 5000)
  })

  it('writes both of its outputs to its log, whose end can be shown', async () => {
    const one = await shell('for n in 1 2 3 4; do echo "line $n"; done; echo error >&2')
    await one.exited
    expect(lastLines(one.log, 3)).to.equal('line 3\nline 4\nerror')
    expect(readFileSync(one.log, 'utf8')).to.include('line 1')
    expect(lastLines(join(folder, 'none.log'))).to.match(/^\(no log: ENOENT/)
  })

  it('that cannot be started is told with its program', async () => {
    const plan = { name: 'broker', command: '/nowhere/broker', args: [], env: {}, cwd: folder }
    const failure = await startProcess({ ...plan, log: join(folder, 'broker.log') }).catch(
      (error: unknown) => error,
    )
    expect(String(failure)).to.match(/^HarnessError: cannot start broker \(\/nowhere\/broker\): .*ENOENT/)
  })
})
