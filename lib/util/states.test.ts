import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { isTerminal, TERMINAL_STATES } from './states.ts'

const LIB = join(import.meta.dirname, '..')

describe('terminal states', () => {
  it('are those that Mistral never leaves by itself', () => {
    const states = ['IDLE', 'WAITING', 'RUNNING', 'DELAYED', 'PAUSED', ...TERMINAL_STATES]
    expect(states.filter((state) => isTerminal({ state }))).to.deep.equal(TERMINAL_STATES)
  })

  it('are listed once', () => {
    const sources = globSync('**/*.ts', { cwd: LIB }).filter((file) => !/\.(?:i?test|helper)\.ts$/.test(file))
    const listing = sources.filter((file) =>
      /'SUCCESS', 'ERROR', 'CANCELLED'/.test(readFileSync(join(LIB, file), 'utf8')),
    )
    expect(listing).to.deep.equal(['util/states.ts'])
  })
})
