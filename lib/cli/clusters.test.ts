import { expect } from 'chai'
import { UsageError } from '../util/errors.ts'
import { apiUrl, callName, chooseCluster, runFolderOf, type FoundCluster } from './clusters.ts'

const cluster = (name: string, id: string, kept: boolean): FoundCluster => ({
  folder: `/clusters/${id}`,
  alive: true,
  kept,
  state: {
    id,
    name,
    owner: { pid: 1, start: 1, command: kept ? 'keeper' : 'gate control' },
    began: '2026-01-01T00:00:00.000Z',
    rpc: 'oslo',
    mistral: '15.0.0',
    python: 'python3',
    processes: {},
    urls: {},
    logs: `/runs/${id}/nodes`,
    links: {},
    taps: {},
  },
})
const main = cluster('main', 'main-1', true)
const other = cluster('other', 'other-1', true)
const gate = cluster('gate', 'gate-1', false)
const gate2 = cluster('gate', 'gate-2', false)

describe('the cluster that a command is for', () => {
  it('is the only one that `up` started, whatever gates run', () => {
    expect(chooseCluster(undefined, [gate, main, gate2])).to.equal(main)
  })

  it('is the one that is named, by name or by id', () => {
    expect(chooseCluster('other', [main, other, gate])).to.equal(other)
    expect(chooseCluster('gate', [main, gate])).to.equal(gate)
    expect(chooseCluster('gate-2', [gate, gate2])).to.equal(gate2)
  })

  it('must be named where there are several, with the words to say', () => {
    expect(() => chooseCluster(undefined, [main, other])).to.throw(UsageError, 'one of main, other')
    expect(() => chooseCluster('gate', [main, gate, gate2])).to.throw(UsageError, 'one of gate-1, gate-2')
  })

  it('is started first where there is none', () => {
    expect(() => chooseCluster(undefined, [])).to.throw(UsageError, 'npm run crosswind -- up')
    expect(() => chooseCluster(undefined, [gate])).to.throw(UsageError, 'only by name: --cluster gate')
    expect(() => chooseCluster('man', [main])).to.throw(UsageError, 'nearest: main')
  })
})

describe('a cluster', () => {
  it('is called by its name unless another has it', () => {
    expect(callName(main, [main, gate])).to.equal('main')
    expect(callName(gate, [gate, gate2])).to.equal('gate-1')
  })

  it('has its logs in its run, and the API where an api node listens', () => {
    expect(runFolderOf(main.state)).to.equal('/runs/main-1')
    expect(apiUrl(main.state)).to.equal(undefined)
    const processes = {
      'engine-1': { kind: 'engine', pid: 5 } as const,
      'api-1': { kind: 'api', port: 8989 } as const,
      'api-2': { kind: 'api', port: 8990, pid: 7 } as const,
    }
    expect(apiUrl({ ...main.state, processes })).to.equal('http://127.0.0.1:8990')
  })
})
