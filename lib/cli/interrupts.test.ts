import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'

/** Reports progress as a gate does with `--json`, until it is interrupted, and then cleans up. */
const REPORTS = `
  const { listenForInterrupts } = await import('${join(import.meta.dirname, 'interrupts.ts')}')
  const { openOutput } = await import('${join(import.meta.dirname, 'gate/output.ts')}')
  const output = openOutput(true, {})
  const interrupts = listenForInterrupts(() => {}, output.line)
  const goesOn = setInterval(() => output.line('a line'), 5)
  interrupts.signal.addEventListener('abort', () => {
    clearInterval(goesOn)
    output.line('another')
    process.stdout.write('cleaned up')
  })
`

describe('a command that is interrupted', () => {
  it('cleans up also when it is the reader of its standard error that has gone', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', REPORTS], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const printed = text(child.stdout)
    const ended = once(child, 'exit')
    await once(child.stderr, 'data')
    child.stderr.destroy()
    expect([await printed, ...(await ended)]).to.deep.equal(['cleaned up', 0, null])
  })
})
