import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = join(import.meta.dirname, '..')

/** A step of the page: a file to be written, or a console's commands with what they print. */
interface Step {
  file: string | undefined
  code: string
}

async function stepsOfPage(): Promise<Step[]> {
  const page = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const blocks = page.matchAll(/<!-- (?:file (\S+)|run) -->\n```\w+\n([\s\S]*?)```/g)
  return [...blocks].map(([, file, code = '']) => ({ file, code }))
}

/** `$ command` lines, each with the lines that follow it. */
const commandsIn = (console: string): { command: string; prints: string }[] =>
  console
    .split(/^\$ /m)
    .slice(1)
    .map((one) => {
      const [command = '', ...lines] = one.split('\n')
      return { command, prints: lines.join('\n') }
    })

async function shell(command: string, cwd: string): Promise<string> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return text(child.stdout)
}

describe('the page that makes a toxic', () => {
  it('works as it says, step by step', async function () {
    this.timeout(30_000)
    // A checkout in which a folder of one's own can be made.
    const checkout = await mkdtemp(join(tmpdir(), 'crosswind-page-'))
    try {
      for (const name of ['lib', 'toxics', 'node_modules', 'package.json'])
        await symlink(join(ROOT, name), join(checkout, name))
      const steps = await stepsOfPage()
      expect(steps.map(({ file }) => file ?? 'run')).to.deep.equal([
        'run',
        'own/mute.ts',
        'own/try.ts',
        'run',
        'run',
        'own/amqp_echo.ts',
        'run',
      ])
      for (const { file, code } of steps) {
        if (file !== undefined) await writeFile(join(checkout, file), code)
        else
          for (const { command, prints } of commandsIn(code))
            expect(await shell(command, checkout)).to.equal(prints)
      }
    } finally {
      await rm(checkout, { recursive: true })
    }
  })
})
