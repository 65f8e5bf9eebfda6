import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { findRemains } from '../../cluster/remains.ts'
import type { ClusterState } from '../../cluster/state.ts'
import { isAlive } from '../../util/procfs.ts'
import { seededRandom } from '../../util/random.ts'
import { cleanPredecessors } from '../predecessors.ts'
import {
  clusterOf,
  documentOf,
  layHome,
  processesCarrying,
  processesLeft,
  runCli,
  startCli,
  untilPrinted,
  type Home,
} from '../../test/gate.helper.ts'

const SUITES = join(import.meta.dirname, '../../test/negatives')
const SMALL = ['--engines', '1', '--executors', '1']

const ABOUT_TO_END = 'it is about to end'

/** When a gate is killed: so long after it has printed a text. */
const MOMENTS: { when: string; after: string | RegExp; upToMs: number }[] = [
  { when: 'while the services boot', after: 'Crosswind:', upToMs: 4000 },
  { when: 'while the nodes boot', after: '✓ postgres', upToMs: 6000 },
  { when: 'during a fault', after: 'the fault is on', upToMs: 2000 },
  { when: 'while it settles', after: 'the fault is over', upToMs: 1500 },
  { when: 'on its way down', after: ABOUT_TO_END, upToMs: 150 },
]

/** Ports that the cluster's processes and links had. */
const portsOf = ({ processes, links }: ClusterState): number[] => [
  ...Object.values(processes).flatMap(({ port }) => port ?? []),
  ...Object.values(links).map(({ listen }) => Number(listen.split(':')[1])),
]

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

describe('a gate that is killed with SIGKILL', () => {
  const seed = process.env['CROSSWIND_TEST_SEED'] ?? randomBytes(4).toString('hex')
  let home: Home

  before(() => {
    console.log(`      CROSSWIND_TEST_SEED=${seed}`)
  })

  // One for each test: what a failed one leaves must not fail the next.
  beforeEach(() => {
    home = layHome()
  })

  afterEach(() => home[Symbol.dispose]())

  for (const { when, after, upToMs } of MOMENTS) {
    const delayMs = Math.round(seededRandom(seed, when)() * upToMs)

    it(`${when}, ${delayMs} ms on: all that it left is found and removed`, async () => {
      const gate = startCli(['gate', join(SUITES, 'long.suite.ts'), ...SMALL], home)
      await untilPrinted(gate, after, 150_000)
      const { id } = await clusterOf(gate)
      await pause(delayMs)
      gate.kill('SIGKILL')
      const { signal, code } = await gate.ended
      // A gate that is about to end may have been quicker than we: then it must have ended well.
      expect(signal ?? code, gate.output()).to.be.oneOf(['SIGKILL', 0])
      if (after !== ABOUT_TO_END) expect(signal).to.equal('SIGKILL')

      // Read first: services that were booting go on, and what they start meanwhile must not be missed by this side.
      const carrying = processesCarrying([id])
      const left = findRemains().filter(({ state }) => state.id === id)
      const running = carrying.filter(({ pid, start }) => isAlive(pid, start))
      // It may have been quick enough to take all of it down.
      if (home.clusterFolders().length > 0) expect(left).to.have.lengthOf(1)
      const known = left.flatMap(({ processes }) => processes.map(({ pid }) => pid))
      expect(known).to.include.members(running.map(({ pid }) => pid))

      const notes = await cleanPredecessors()
      expect(notes).to.have.lengthOf(left.length)
      expect(processesLeft(home, [id])).to.deep.equal([])
      expect(home.clusterFolders()).to.deep.equal([])
      const ports = left.flatMap(({ state }) => portsOf(state))
      const taken = await Promise.all(ports.map(async (port) => ((await isFree(port)) ? [] : [port])))
      expect(taken.flat()).to.deep.equal([])
    })
  }

  it('is cleaned up after by the next gate, which says so; one to which nothing applies exits with 2', async () => {
    const killed = startCli(['gate', join(SUITES, 'needs-more.suite.ts'), ...SMALL], home)
    const { id } = await clusterOf(killed)
    await untilPrinted(killed, '✓ postgres', 150_000)
    killed.kill('SIGKILL')
    await killed.ended
    const next = await runCli(['gate', join(SUITES, 'needs-more.suite.ts'), ...SMALL, '--json'], home)
    const report = documentOf(next)
    expect(report.notes.join('\n')).to.match(
      new RegExp(
        `removed what was left of ${id}, whose owner \\(pid ${killed.pid}\\) had died: \\d+ processes`,
      ),
    )
    expect(processesLeft(home, [id])).to.deep.equal([])
    expect(home.clusterFolders()).to.deep.equal([])
    expect(next.code, next.stderr).to.equal(2)
    expect(report.promises.map(({ status, error }) => ({ status, error }))).to.deep.equal([
      { status: 'not applicable', error: 'needs 9 executors' },
    ])
    expect(next.stderr).to.match(/^0 passed, 0 failed, 1 skipped$/m)
    expect(next.stderr).to.match(/^Verdict: unknown: no promise applied$/m)
  })
})
