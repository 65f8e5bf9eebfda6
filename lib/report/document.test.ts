import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { replayCommand } from './document.ts'
import { broken, kept, report } from './examples.helper.ts'

/** What a POSIX shell makes of the command, word by word. */
const wordsOf = (command: string): string[] => {
  const out = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
  return out.split('\0').slice(0, -1)
}

describe('buildReport', () => {
  it('derives the end and the exit code', () => {
    const document = report({ promises: [kept(), broken()] })
    expect(document.finished).to.equal('2026-01-31T10:04:11.000Z')
    expect(document.exitCode).to.equal(1)
    expect(document.format).to.equal(1)
  })
})

describe('replayCommand', () => {
  it('names the suite, the promise, the seed and the sizes', () => {
    expect(replayCommand(report(), kept())).to.equal(
      "npm start -- rabbitmq-down --grep '^RabbitMQ is unreachable for eight seconds loses no message$' --seed plum-42 --engines 2 --executors 2 --apis 1 --rpc oslo",
    )
  })

  it('survives a shell and matches exactly the promise, whatever its title', () => {
    const promise = `doesn't "lose" $HOME \`id\` (a|b) [x] 1.5* \\ {2}? ^/$ end!`
    const { story } = kept()
    const words = wordsOf(replayCommand(report({ seed: `it's; rm` }), kept({ promise })))
    const grep = new RegExp(words[words.indexOf('--grep') + 1] ?? '')
    expect(grep.test(`${story} ${promise}`)).to.equal(true)
    expect(grep.test(`${story} ${promise} more`)).to.equal(false)
    expect(words[words.indexOf('--seed') + 1]).to.equal(`it's; rm`)
  })

  it('carries a real Toxiproxy, another Mistral, a file of its own and the repetition', () => {
    const document = report({ toxiproxy: 'http://127.0.0.1:8474', mistralPython: '/opt/my venv/bin/python' })
    const words = wordsOf(replayCommand(document, kept({ file: './mine.suite.ts', repeat: 3 })))
    expect(words[3]).to.equal('./mine.suite.ts')
    expect(words.slice(-6)).to.deep.equal([
      '--toxiproxy',
      'http://127.0.0.1:8474',
      '--mistral-python',
      '/opt/my venv/bin/python',
      '--repeat',
      '3',
    ])
  })
})
