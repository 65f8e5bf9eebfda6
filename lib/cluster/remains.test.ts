import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { isAlive } from '../util/procfs.ts'
import type { ClusterEvent } from './events.ts'
import { cacheFolder } from './folders.ts'
import { makingPrefix } from './postgres.ts'
import { startProcess, type RunningProcess } from './process.ts'
import { cleanRemains, findRemains, processesOf } from './remains.ts'
import { listClusters, writeState, type ClusterState } from './state.ts'
import { layYard, type Yard } from './yard.ts'

const lay = (events: ClusterEvent[] = []): Yard =>
  layYard(
    { name: 'test', rpc: 'oslo', python: 'python3', urls: {}, onEvent: (event) => events.push(event) },
    '15.0.0',
  )

const sleep = ({ ground }: Yard, name = 'engine-1') => ({
  name,
  command: 'sleep',
  args: ['60'],
  env: ground.env,
  cwd: ground.folder,
  log: join(ground.logs, `${name}.log`),
})

/** The state as a gate leaves it that was killed: its owner is no process that lives. */
function orphan({ ground, state }: Yard, change: Partial<ClusterState> = {}): void {
  writeState(ground.folder, {
    ...state,
    owner: { ...state.owner, start: state.owner.start - 1 },
    ...change,
  })
}

describe('what a cluster leaves', () => {
  let home: string
  let outside: string | undefined
  const strangers: RunningProcess[] = []

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'crosswind-test-'))
    outside = process.env['CROSSWIND_HOME']
    process.env['CROSSWIND_HOME'] = home
  })

  afterEach(async () => {
    for (const one of strangers.splice(0)) await one.end('SIGKILL', 0)
    for (const { folder, state } of listClusters()) await cleanRemains({ folder, state, processes: [] })
    if (outside === undefined) delete process.env['CROSSWIND_HOME']
    else process.env['CROSSWIND_HOME'] = outside
    rmSync(home, { recursive: true })
  })

  it('is written down before a process is started', async () => {
    const yard = lay()
    const starts = yard.launch({ kind: 'engine' }, sleep(yard))
    expect(listClusters()[0]?.state.processes['engine-1']).to.deep.include({ kind: 'engine' })
    expect(listClusters()[0]?.state.processes['engine-1']).to.not.have.property('pid')
    const { pid, start } = await starts
    expect(listClusters()[0]?.state.processes['engine-1']).to.deep.include({ kind: 'engine', pid, start })
  })

  it('is left alone while its owner lives', async () => {
    const yard = lay()
    await yard.launch({ kind: 'engine' }, sleep(yard))
    expect(findRemains()).to.deep.equal([])
  })

  it('is found and removed when its owner has died', async () => {
    const yard = lay()
    const one = await yard.launch({ kind: 'engine' }, sleep(yard))
    orphan(yard)
    const [remains, ...others] = findRemains()
    expect(others).to.deep.equal([])
    expect(remains?.processes.map(({ pid }) => pid)).to.deep.equal([one.pid])
    if (remains !== undefined) await cleanRemains(remains)
    expect(isAlive(one.pid, one.start)).to.equal(false)
    expect(existsSync(yard.ground.folder)).to.equal(false)
    expect(findRemains()).to.deep.equal([])
  })

  it('includes a schema that it was making', async () => {
    const yard = lay()
    mkdirSync(join(cacheFolder(), `${makingPrefix(yard.ground.id)}x`, 'data'), { recursive: true })
    mkdirSync(join(cacheFolder(), `${makingPrefix('another')}x`))
    orphan(yard)
    const [remains] = findRemains()
    if (remains !== undefined) await cleanRemains(remains)
    expect(readdirSync(cacheFolder())).to.deep.equal([`${makingPrefix('another')}x`])
  })

  it('is found by its environment where the state has no pid yet', async () => {
    const yard = lay()
    const one = await yard.launch({ kind: 'engine' }, sleep(yard))
    orphan(yard, { processes: { 'engine-1': { kind: 'engine' } } })
    expect(findRemains()[0]?.processes.map(({ pid }) => pid)).to.deep.equal([one.pid])
  })

  it('is whatever is left of a group whose leader has died', async () => {
    const yard = lay()
    const command = { command: '/bin/sh', args: ['-c', 'env -i sleep 60 & exit 0'] }
    const leader = await yard.launch({ kind: 'engine' }, { ...sleep(yard), ...command })
    await leader.exited
    const found = processesOf(yard.state)
    expect(found).to.have.lengthOf(1)
    expect(found[0]).to.include({ group: leader.pid })
    await leader.end('SIGKILL', 0)
  })

  it('is never a process that has the pid of an earlier one', async () => {
    const yard = lay()
    const log = join(home, 'stranger.log')
    const stranger = await startProcess({
      name: 'stranger',
      command: 'sleep',
      args: ['60'],
      env: { PATH: process.env['PATH'] ?? '' },
      cwd: home,
      log,
    })
    strangers.push(stranger)
    const { pid, start } = stranger
    orphan(yard, { processes: { 'engine-1': { kind: 'engine', pid, start: start - 1 } } })
    const [remains] = findRemains()
    expect(remains?.processes).to.deep.equal([])
    if (remains !== undefined) await cleanRemains(remains)
    expect(isAlive(pid, start)).to.equal(true)
    expect(existsSync(yard.ground.folder)).to.equal(false)
  })

  it('never includes its owner, whatever that has in its environment', async () => {
    const yard = lay()
    const one = await yard.launch({ kind: 'engine' }, sleep(yard))
    const state = { ...yard.state, owner: { ...yard.state.owner, pid: one.pid }, processes: {} }
    expect(processesOf(state)).to.deep.equal([])
  })

  it('is ended and removed after a failed start', async () => {
    const events: ClusterEvent[] = []
    const yard = lay(events)
    const one = await yard.launch({ kind: 'engine' }, sleep(yard))
    await yard.abandon()
    expect(isAlive(one.pid, one.start)).to.equal(false)
    expect(existsSync(yard.ground.folder)).to.equal(false)
    await one.exited
    const told = events.map(({ kind, ...event }) =>
      'expected' in event ? `${kind} ${event.expected}` : kind,
    )
    expect(told).to.deep.equal(['node.started', 'node.exited true'])
  })

  it('is told when a process ends by itself', async () => {
    const events: ClusterEvent[] = []
    const yard = lay(events)
    const one = await yard.launch({ kind: 'engine' }, sleep(yard))
    process.kill(one.pid, 'SIGKILL')
    await one.exited
    expect(events.at(-1)).to.deep.include({ kind: 'node.exited', signal: 'SIGKILL', expected: false })
  })

  it('is read whole, also when it has just gone', async () => {
    const yard = lay()
    expect(JSON.parse(readFileSync(join(yard.ground.folder, 'state.json'), 'utf8'))).to.have.property('id')
    await yard.abandon()
    expect(listClusters()).to.deep.equal([])
  })
})
