import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  clusterOf,
  documentOf,
  layHome,
  processesLeft,
  startCli,
  untilPrinted,
  type Home,
} from '../../test/gate.helper.ts'
import { monotonicMs } from '../../util/clock.ts'
import { poll } from '../../util/poll.ts'
import { cleanPredecessors } from '../predecessors.ts'

const LONG = join(import.meta.dirname, '../../test/negatives/long.suite.ts')
const SMALL = ['gate', LONG, '--engines', '1', '--executors', '1', '--json']

describe('a gate that is broken off', () => {
  let home: Home

  // One for each test: what a failed one leaves must not fail the next.
  beforeEach(() => {
    home = layHome()
  })

  afterEach(() => home[Symbol.dispose]())

  async function inPromise() {
    const gate = startCli(SMALL, home)
    await untilPrinted(gate, 'the fault is on', 150_000)
    return { gate, cluster: await clusterOf(gate) }
  }

  for (const service of ['rabbitmq', 'postgres'])
    it(`by the death of ${service} is a harness error that names it and its log, and leaves nothing`, async () => {
      const { gate, cluster } = await inPromise()
      const pid = cluster.processes[service]?.pid ?? NaN
      process.kill(-pid, 'SIGKILL')
      const ended = await gate.ended
      expect(ended.code, ended.stderr).to.equal(2)
      const report = documentOf({ ...ended, stdout: lastLine(ended.stdout) })
      const [error = ''] = report.harnessErrors
      expect(error).to.match(
        new RegExp(`^${service} ended by itself \\(SIGKILL\\); see \\S+/${service}\\.log$`),
      )
      expect(existsSync(error.split('see ')[1] ?? ''), 'the log is where it says').to.equal(true)
      expect(report.promises.map(({ status }) => status)).to.not.include.members(['kept', 'broken'])
      expect(processesLeft(home, [cluster.id])).to.deep.equal([])
      expect(home.clusterFolders()).to.deep.equal([])
    })

  it('by one Ctrl-C cleans up, says what is known and exits with 130 within five seconds', async () => {
    const { gate, cluster } = await inPromise()
    const asked = monotonicMs()
    gate.kill('SIGINT')
    const ended = await gate.ended
    expect(monotonicMs() - asked).to.be.below(5000)
    expect(ended.code, ended.stderr).to.equal(130)
    expect(ended.stderr).to.include('SIGINT: cleaning up; once more ends at once')
    expect(ended.stderr).to.match(/^Verdict: interrupted/m)
    const report = documentOf({ ...ended, stdout: lastLine(ended.stdout) })
    expect(report).to.include({ interrupted: true, exitCode: 130 })
    expect(report.harnessErrors).to.deep.equal([])
    expect(report.promises.map(({ status }) => status)).to.not.include.members(['kept', 'broken'])
    const folder = join(home.cwd, 'runs', report.run)
    expect(readdirSync(folder)).to.include.members(['report.json', 'junit.xml', 'journal.ndjson', 'nodes'])
    expect(processesLeft(home, [cluster.id])).to.deep.equal([])
    expect(home.clusterFolders()).to.deep.equal([])
  })

  it('by a second Ctrl-C ends at once, and its processes with it', async () => {
    const gate = startCli(SMALL, home)
    await untilPrinted(gate, '✓ postgres', 60_000)
    const { id } = await clusterOf(gate)
    gate.kill('SIGINT')
    await untilPrinted(gate, 'SIGINT: cleaning up', 5000)
    // What comes within a quarter of a second counts as the same Ctrl-C.
    const again = setInterval(() => gate.kill('SIGINT'), 100)
    const asked = monotonicMs()
    const ended = await gate.ended
    clearInterval(again)
    expect(monotonicMs() - asked).to.be.below(2000)
    // Node gives signals back to the system while it ends, and a shell tells of both as 130.
    expect(ended.code ?? ended.signal, ended.stderr).to.be.oneOf([130, 'SIGINT'])
    // Each has its SIGKILL; the system takes a moment to end it.
    await poll(() => (processesLeft(home, [id]).length === 0 ? true : undefined), {
      what: 'its processes are gone',
      deadlineMs: 2000,
    })
    await cleanPredecessors()
    expect(home.clusterFolders()).to.deep.equal([])
  })
})

/** The promise of this suite prints where it is, on the same stream as the document. */
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
