import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RunningCluster } from '../../cluster/cluster.ts'
import { HarnessError, UsageError } from '../../util/errors.ts'
import type { FoundCluster } from '../clusters.ts'
import { askKeeper, nodePath } from './client.ts'
import { controlSocket, openControl } from './control.ts'

const node = { name: 'engine-1', links: ['engine-1.rabbitmq'] }

/** A cluster that only notes what is asked of it; nodes and services are the integration test's. */
async function rig() {
  const folder = mkdtempSync(join(tmpdir(), 'cw-control-'))
  const asked: string[] = []
  const note = (what: string) => (name: string) => void asked.push(`${what} ${name}`)
  const cluster = {
    folder,
    node: (name: string) => {
      if (name !== node.name) throw new UsageError(`unknown node "${name}"`)
      return node
    },
    start: (kind: string, name?: string) => {
      asked.push(`start ${kind} ${name}`)
      if (kind === 'api') throw new HarnessError('no port is free')
      return Promise.resolve(node)
    },
    stop: note('stop'),
    kill: note('kill'),
    pause: note('pause'),
    resume: note('resume'),
  } as unknown as RunningCluster
  const control = await openControl(cluster, () => asked.push('down'))
  const found = { folder, kept: true, alive: true, state: { id: 'main-1' } } as FoundCluster
  return {
    folder,
    asked,
    found,
    [Symbol.asyncDispose]: async () => {
      await control.close()
      rmSync(folder, { recursive: true })
    },
  }
}

describe("a keeper's control server", () => {
  it('does to nodes what it is asked, and answers with the node', async () => {
    await using it = await rig()
    expect(await askKeeper(it.found, '/nodes', { kind: 'engine' })).to.deep.equal({
      node: 'engine-1',
      links: node.links,
    })
    for (const deed of ['stop', 'kill', 'pause', 'resume'])
      await askKeeper(it.found, nodePath('engine-1', deed))
    const deeds = ['stop engine-1', 'kill engine-1', 'pause engine-1', 'resume engine-1']
    expect(it.asked).to.deep.equal(['start engine undefined', ...deeds])
  })

  it('answers before it takes the cluster down', async () => {
    await using it = await rig()
    await askKeeper(it.found, '/down')
    expect(it.asked).to.deep.equal(['down'])
  })

  it('tells a wrong word from a broken harness', async () => {
    await using it = await rig()
    const caught = (path: string, body = {}) =>
      askKeeper(it.found, path, body).catch((error: unknown) => error)
    expect(await caught(nodePath('engin/1', 'kill'))).to.be.instanceOf(UsageError)
    expect(await caught('/nodes', { kind: 'worker' }))
      .to.have.property('message')
      .that.includes('unknown kind')
    expect(await caught('/nodes/engine-1/burn')).to.be.instanceOf(UsageError)
    expect(await caught('/nodes', { kind: 'api' })).to.be.instanceOf(HarnessError)
    expect(it.asked).to.deep.equal(['start api undefined'])
  })

  it('is open to its user alone, and answers nobody once it is closed', async () => {
    const it = await rig()
    expect(statSync(controlSocket(it.folder)).mode & 0o777).to.equal(0o600)
    await it[Symbol.asyncDispose]()
    const error = await askKeeper(it.found, '/down').catch(String)
    expect(error).to.include('the keeper of main-1 does not answer')
  })

  it('is not asked of a cluster that another command keeps', async () => {
    const gate = { folder: '/nowhere', kept: false, alive: true, state: { id: 'gate-1' } } as FoundCluster
    expect(await askKeeper(gate, '/down').catch(String)).to.include('belongs to another command')
  })

  it('refuses a path that the system would cut off', async () => {
    const folder = `/${'x'.repeat(120)}`
    const error = await openControl({ folder } as RunningCluster, () => {}).catch(String)
    expect(error).to.include('set CROSSWIND_HOME to a shorter folder')
  })
})
