import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startToxiproxy, type RunningToxiproxy } from '../api/server.ts'
import { clustersFolder } from '../cluster/folders.ts'
import { listClusters, writeState, type ClusterState } from '../cluster/state.ts'
import { ToxiproxyApi } from '../scenario/toxiproxy.ts'
import { freePort } from '../util/ports.ts'
import { cleanPredecessors } from './predecessors.ts'

/** A cluster whose owner has died: no process has ever started when the machine did. */
function leave(urls: ClusterState['urls'], taps: ClusterState['taps']): void {
  const folder = join(clustersFolder(), 'gate-1')
  mkdirSync(folder)
  writeState(folder, {
    id: 'gate-1',
    name: 'gate',
    owner: { pid: process.pid, start: 0, command: 'gate' },
    began: '2026-01-01T00:00:00.000Z',
    rpc: 'oslo',
    mistral: '15.0.0',
    python: 'python3',
    processes: {},
    urls,
    logs: join(folder, 'logs'),
    links: {},
    taps,
  })
}

describe('what killed predecessors left on a Toxiproxy that outlives them', () => {
  let home: string
  let outside: string | undefined
  let front: RunningToxiproxy

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'crosswind-test-'))
    outside = process.env['CROSSWIND_HOME']
    process.env['CROSSWIND_HOME'] = home
    front = await startToxiproxy({ toxics: [], seed: 'predecessors' })
  })

  afterEach(async () => {
    if (outside === undefined) delete process.env['CROSSWIND_HOME']
    else process.env['CROSSWIND_HOME'] = outside
    await front[Symbol.asyncDispose]()
    rmSync(home, { recursive: true })
  })

  it('is removed, and what others have laid there stays', async () => {
    const api = new ToxiproxyApi(front.url)
    const tap = '127.0.0.1:9'
    await api.createProxy('engine-1.rabbitmq', tap)
    await api.createProxy('engine-1.postgres', tap)
    await api.createProxy('engine-2.rabbitmq', tap)
    leave(
      { toxiproxy: front.url, tap: 'http://127.0.0.1:9' },
      // The second has its name from the cluster and leads to somebody else's tap.
      { 'engine-1.rabbitmq': tap, 'engine-1.postgres': '127.0.0.1:10' },
    )
    expect(await cleanPredecessors()).to.have.lengthOf(1)
    expect(Object.keys(await api.proxies())).to.have.members(['engine-1.postgres', 'engine-2.rabbitmq'])
    expect(listClusters()).to.deep.equal([])
  })

  it('keeps nobody from cleaning up when that Toxiproxy has gone', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`
    leave({ toxiproxy: gone, tap: front.url }, {})
    expect(await cleanPredecessors()).to.have.lengthOf(1)
    expect(listClusters()).to.deep.equal([])
  })
})
