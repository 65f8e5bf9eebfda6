import { expect } from 'chai'
import { broken, kept, report, unjudged, unknown } from './examples.helper.ts'
import type { ExitCode } from './exit-code.ts'
import { exitCode } from './exit-code.ts'
import type { RunFacts } from './document.ts'

const gap = { name: 'lost-start', text: 'a start is lost' }
const harness = unjudged('harness', 'postgres died')
const skipped = unjudged('skipped', 'its suite skips it')
const notApplicable = unjudged('not applicable', 'needs 2 executors')

const TABLE: [string, Partial<RunFacts>, ExitCode][] = [
  ['all kept', { promises: [kept(), kept()] }, 0],
  ['kept and not applicable', { promises: [kept(), notApplicable] }, 0],
  ['a known gap that broke as known', { promises: [kept({ gap: { ...gap, state: 'open' } })] }, 0],
  ['a gap that may break', { promises: [kept({ gap: { ...gap, state: 'may break' } })] }, 0],
  ['a gap that has closed', { promises: [kept(), broken({ gap: { ...gap, state: 'closed' } })] }, 1],
  ['one broken', { promises: [kept(), broken()] }, 1],
  ['one unknown', { promises: [kept(), unknown()] }, 2],
  ['the harness broke in a promise', { promises: [kept(), harness] }, 2],
  ['the harness broke outside', { promises: [kept()], harnessErrors: ['tear-down'] }, 2],
  ['broken and unknown', { promises: [unknown(), broken()] }, 1],
  ['broken and a broken harness', { promises: [broken(), harness], harnessErrors: ['x'] }, 1],
  ['one skipped', { promises: [kept(), skipped] }, 2],
  ['broken and skipped', { promises: [skipped, broken()] }, 1],
  ['nothing applied', { promises: [notApplicable] }, 2],
  ['nothing ran', { promises: [] }, 2],
  ['interrupted when all was well', { promises: [kept()], interrupted: true }, 130],
  ['interrupted after a broken promise', { promises: [broken()], interrupted: true }, 130],
]

describe('exitCode', () => {
  for (const [name, facts, code] of TABLE) {
    it(`${name}: ${code}`, () => {
      expect(exitCode(report(facts))).to.equal(code)
    })
  }
})
