import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { ReportDocument } from '../report/document.ts'
import { layHome, runCli, type Ended, type Home } from '../test/gate.helper.ts'
import { freePort } from '../util/ports.ts'
import { VERSION } from '../util/version.ts'
import { allProcesses } from '../util/procfs.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

describe('bad input', () => {
  let home: Home

  beforeEach(() => {
    home = layHome()
  })

  afterEach(() => home[Symbol.dispose]())

  const run = (args: string[], env: Record<string, string> = {}) => runCli(args, { cwd: home.cwd, env })

  function write(name: string, text: string, mode = 0o644): string {
    const file = join(home.cwd, name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  /** Exit code 2, one clear text, nothing of our own stack, no cluster. */
  function expectRefused({ code, stdout, stderr }: Ended, text: RegExp): void {
    expect(stdout + stderr).to.match(text)
    expect(stdout + stderr).to.not.match(/^\s+at /m)
    expect(code).to.equal(2)
    expect(home.clusterFolders()).to.deep.equal([])
  }

  /** What a gate has written of a run. */
  const reportOf = (own: string): ReportDocument =>
    JSON.parse(readFileSync(join(home.cwd, 'runs', own, 'report.json'), 'utf8')) as ReportDocument

  const WORDS: { what: string; args: string[]; text: RegExp }[] = [
    {
      what: 'an unknown suite',
      args: ['gate', 'contrl'],
      text: /^crosswind: unknown suite "contrl"; nearest: control, /,
    },
    {
      what: 'a file that is not there',
      args: ['gate', 'rabbitmq-don.suite.ts'],
      text: /^crosswind: unknown suite "rabbitmq-don.suite.ts"; nearest: .*rabbitmq-down/,
    },
    {
      what: 'a filter that is no regular expression',
      args: ['gate', 'control', '--grep', '('],
      text: /^crosswind: --grep is not a regular expression: .*Unterminated group/,
    },
    {
      what: 'a filter that matches nothing',
      args: ['gate', 'control', '--grep', 'Nothing is brokn'],
      text: /^crosswind: no promise matches --grep Nothing is brokn; --list shows them all/,
    },
    {
      what: 'a filter of a list that matches nothing',
      args: ['gate', '--list', '--grep', 'Nothing is brokn'],
      text: /^crosswind: no promise matches --grep Nothing is brokn; --list shows them all/,
    },
    {
      what: 'no executors',
      args: ['gate', 'control', '--executors', '0'],
      text: /^crosswind: option '--executors <n>' argument '0' is invalid. It must be a whole number from 1./,
    },
    {
      what: 'an unknown option',
      args: ['gate', 'control', '--executers', '2'],
      text: /^crosswind: unknown option '--executers'\n\(Did you mean --executors\?\)/,
    },
    {
      what: 'an unknown command',
      args: ['gat'],
      text: /^crosswind: unknown command 'gat'\n\(Did you mean gate\?\)/,
    },
    {
      what: 'an unknown driver',
      args: ['gate', 'control', '--rpc', 'kombo'],
      text: /^crosswind: option '--rpc <driver>' argument 'kombo' is invalid. Allowed choices are oslo, kombu./,
    },
    {
      what: 'a Toxiproxy that is no URL',
      args: ['gate', 'control', '--toxiproxy', 'here'],
      text: /^crosswind: option '--toxiproxy <url>' argument 'here' is invalid. It must be a URL/,
    },
  ]

  for (const { what, args, text } of WORDS)
    it(`${what} is told with the nearest that is valid`, async () => {
      const ended = await run(args)
      expectRefused(ended, text)
      expect(readdirSync(home.cwd)).to.deep.equal([])
    })

  it('a suite that throws while it is loaded is told with its place', async () => {
    const file = write('throws.suite.ts', "\nthrow new Error('it cannot be loaded')\n")
    expectRefused(
      await run(['gate', file]),
      /^crosswind: cannot load \S+throws.suite.ts:2:7: it cannot be loaded$/m,
    )
  })

  it('a suite with a syntax error is told with its place', async () => {
    const file = write('syntax.suite.ts', "describe('x', () => {\n")
    expectRefused(await run(['gate', file]), /^crosswind: cannot load \S+syntax.suite.ts:1: /m)
  })

  it('a suite that runs only some of its promises is refused', async () => {
    const file = write('only.suite.ts', "describe('x', () => {\n  it.only('one', () => {})\n})\n")
    expectRefused(
      await run(['gate', file]),
      /^crosswind: cannot load \S+only.suite.ts:2:6: .*only.* forbidden/m,
    )
  })

  it('a suite that wants its promises to be tried again is refused', async () => {
    const file = write('again.suite.ts', "describe('x', () => {\n  it('one', () => {}).retries(2)\n})\n")
    expectRefused(await run(['gate', file]), /^crosswind: \S+again.suite.ts: "x one" asks for retries: /m)
    const whole = write(
      'whole.suite.ts',
      "describe('y', function () {\n  this.retries(2)\n  it('two', () => {})\n})\n",
    )
    expectRefused(
      await run(['gate', whole, '--list']),
      /^crosswind: \S+whole.suite.ts: "y two" asks for retries: /m,
    )
  })

  it('a suite without a promise is told', async () => {
    const file = write('empty.suite.ts', 'export {}\n')
    for (const args of [
      ['gate', file],
      ['gate', file, '--list'],
    ])
      expectRefused(await run(args), /^crosswind: there is no promise in \S+empty.suite.ts$/m)
  })

  it('a program that is missing is named, with the command that installs it', async () => {
    const ended = await run(['gate', 'control'], { PATH: '/nowhere' })
    expectRefused(
      ended,
      /^ {2}\S+ is not installed \(looked in .*\/nowhere\): run `npm run crosswind -- setup`$/m,
    )
    expect(ended.stdout).to.match(/^Verdict: unknown: 1 harness error$/m)
  })

  it('an interpreter that is not there, and one without Mistral, are named', async () => {
    const nowhere = join(home.cwd, 'python')
    const why = /no Mistral in \S+\/python: .*ENOENT/
    expectRefused(await run(['gate', 'control', '--mistral-python', nowhere]), why)
    const [own = ''] = readdirSync(join(home.cwd, 'runs'))
    const again = await run(['verdict', `runs/${own}`])
    expect(again.stdout).to.match(why)
    expect([again.code, reportOf(own).versions.crosswind]).to.deep.equal([2, VERSION])
    // Without its folders of packages the machine's own interpreter has no Mistral either.
    const bare = write('bare-python', '#!/bin/sh\nexec /usr/bin/python3 -I -S "$@"\n', 0o755)
    expectRefused(
      await run(['gate', 'control', '--mistral-python', bare]),
      /no Mistral in \S+\/bare-python: /,
    )
  })

  it('a Toxiproxy that does not answer is named', async () => {
    const ended = await run(['gate', 'control', '--toxiproxy', `http://127.0.0.1:${await freePort()}`])
    const why = /Toxiproxy at http:\/\/127.0.0.1:\d+ does not answer: .*ECONNREFUSED/
    expectRefused(ended, why)
    const [own = ''] = readdirSync(join(home.cwd, 'runs'))
    expect((await run(['verdict', `runs/${own}`])).stdout).to.match(why)
    expect(Object.values(reportOf(own).versions)).to.not.include('')
  })

  it('a home that cannot be made is named, with the variable that moves it', async () => {
    const folder = join(write('a-file', ''), 'home')
    const ended = await run(['gate', 'control'], { CROSSWIND_HOME: folder })
    expectRefused(
      ended,
      /cannot make the folder \S+a-file\/home: set CROSSWIND_HOME to one that can be written/,
    )
  })

  describe('a disk that is full', () => {
    before(function needsMounts() {
      if (canMount()) return
      console.log('      skipped: no file system can be mounted here (it takes root and `unshare -m`)')
      this.skip()
    })

    it("is a harness error when the cluster's own files cannot be written, and leaves nothing", async () => {
      const { stdout } = await onSmallDisk(home, home.clusters, '8m')
      expect(stdout).to.match(/^Verdict: unknown: 1 harness error$/m)
      // Whichever of the two services meets it first.
      expect(stdout, stdout).to.match(/no space left on device/i)
      expect(stdout).to.match(/^status 2, left: none$/m)
    })

    it("is a harness error when the run's own files cannot be written, and leaves nothing", async () => {
      const { stdout } = await onSmallDisk(home, home.cwd, '24k')
      expect(stdout).to.match(/^Verdict: unknown: \d harness errors?$/m)
      expect(stdout).to.match(
        /(the journal \S+ cannot be written|cannot write \S+): ENOSPC: no space left on device/,
      )
      expect(stdout).to.match(/^status 2, left: none$/m)
    })
  })
})

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

// Arguments: the folder that becomes a small disk, its size, where to run, the interpreter, main.ts.
const ON_SMALL_DISK = `
  readlink /proc/self/ns/mnt
  mount -t tmpfs -o "size=$2,mode=755" tmpfs "$1" || exit 99
  cd "$3"
  "$4" "$5" gate control --engines 1 --executors 1 2>&1
  echo "status $?, left: $(ls -A "$CROSSWIND_HOME/clusters" | grep . || echo none)"
`

/** Runs a gate where one folder is a small disk that only the gate sees, and expects that no process is left there. */
async function onSmallDisk(home: Home, folder: string, size: string): Promise<{ stdout: string }> {
  const args = ['-m', 'sh', '-c', ON_SMALL_DISK, 'sh', folder, size, home.cwd, process.execPath, MAIN]
  const ended = await promisify(execFile)('unshare', args)
  const [namespace] = ended.stdout.split('\n', 1)
  const left = allProcesses().filter(({ pid }) => mountsOf(pid) === namespace)
  expect(left).to.deep.equal([])
  return ended
}

function mountsOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    // It has ended since it was listed.
    return undefined
  }
}
