import { expect } from 'chai'
import * as fc from 'fast-check'
import type { Entry, Fact } from './entries.ts'
import { renumbered } from './judging.helper.ts'
import * as story from './story.helper.ts'
import { judge } from './verdict.ts'

const insert = (entries: Entry[], index: number, fact: Fact): Entry[] => {
  const at = entries[index]?.at ?? 0
  return renumbered(entries.toSpliced(index, 0, { ...fact, ordinal: 0, at, checksum: '' }))
}

/** Some executions of `two`: each finished, failed after its first task, without a row, or stuck there. */
const fates = fc.array(fc.constantFrom('done', 'failed', 'absent', 'stuck'), { minLength: 1, maxLength: 5 })
type Fate = 'done' | 'failed' | 'absent' | 'stuck'

function journalOf(all: readonly Fate[]): Entry[] {
  const parts = all.map((fate, index) => {
    const id = `e${index}`
    const done = story.doneRows(id)
    const state = fate === 'stuck' ? 'RUNNING' : fate === 'failed' ? 'ERROR' : 'SUCCESS'
    const first = {
      executions: [story.executionRow(id, state)],
      tasks: done.tasks.slice(0, 1),
      actions: done.actions.slice(0, 1),
    }
    const start = [story.requested(id), story.answered(id, fate === 'absent' ? 500 : 201)]
    if (fate === 'absent') return { start, effects: [], rows: { executions: [], tasks: [], actions: [] } }
    if (fate === 'done')
      return { start, effects: [story.effect(id, 't1'), story.effect(id, 't2')], rows: done }
    return { start, effects: [story.effect(id, 't1')], rows: first }
  })
  const facts = parts.flatMap(({ start, effects }) => [...start, ...effects])
  const rows = {
    executions: parts.flatMap(({ rows }) => rows.executions),
    tasks: parts.flatMap(({ rows }) => rows.tasks),
    actions: parts.flatMap(({ rows }) => rows.actions),
  }
  const old: Fact[] = [story.begun('old/1'), story.requested('e-old'), story.ended('old/1')]
  const head: Fact[] = [story.runBegun, story.TWO, ...old, story.begun(), ...facts]
  return story.journalOf([
    ...head.map((fact, index): story.Story[number] => [index, fact]),
    ...story.rest(rows),
  ])
}

const journals = fates.map(journalOf)
const indexOf = (entries: Entry[], kind: Entry['kind']): number =>
  entries.findLastIndex((entry) => entry.kind === kind)

describe('the verdict, on any journal', () => {
  it('is valid if everything is done, and else not', () => {
    fc.assert(
      fc.property(fates, (all) => {
        const { outcome } = judge(journalOf(all), 's/1')
        expect(outcome === 'valid').to.equal(all.every((fate) => fate === 'done'))
      }),
    )
  })

  it('is the same for the same journal, which it leaves as it was', () => {
    fc.assert(
      fc.property(journals, (entries) => {
        const before = structuredClone(entries)
        expect(judge(entries, 's/1')).to.deep.equal(judge(structuredClone(entries), 's/1'))
        expect(entries).to.deep.equal(before)
      }),
    )
  })

  it('is never valid if the journal ends before the verdict was asked for', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (entries, cut) => {
        const from = indexOf(entries, 'scenario.begun') + 1
        const to = indexOf(entries, 'judged')
        const short = entries.slice(0, from + (cut % (to - from + 1)))
        expect(judge(short, 's/1').outcome).to.equal('unknown')
      }),
    )
  })

  it('is never valid if an entry is missing in the middle', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (entries, which) => {
        const index = which % indexOf(entries, 'settled')
        const holed = entries.toSpliced(index, 1)
        const there = holed.some((entry) => entry.kind === 'scenario.begun' && entry.scenario === 's/1')
        fc.pre(there)
        expect(judge(holed, 's/1').outcome).to.equal('unknown')
      }),
    )
  })

  it('is duplicated whichever effect comes twice before it was settled', () => {
    fc.assert(
      fc.property(journals, fc.nat(), fc.nat(), (entries, which, where) => {
        const effects = entries.filter(({ kind }) => kind === 'effect.arrived')
        const again = effects[which % Math.max(effects.length, 1)]
        fc.pre(again !== undefined)
        const from = indexOf(entries, 'scenario.begun') + 1
        const index = from + (where % (indexOf(entries, 'settled') - from + 1))
        const verdict = judge(insert(entries, index, again), 's/1')
        expect(verdict.findings.duplicated).to.have.length(1)
        expect(verdict.outcome).to.equal('invalid')
      }),
    )
  })

  it('does not depend on what an earlier scenario left behind', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (entries, where) => {
        const from = indexOf(entries, 'scenario.begun') + 1
        const index = from + (where % (indexOf(entries, 'settled') - from + 1))
        const { leftovers, ...verdict } = judge(insert(entries, index, story.effect('e-old', 't1')), 's/1')
        expect(leftovers).to.have.length(1)
        const { outcome, counts, reasons } = judge(entries, 's/1')
        expect(verdict.outcome).to.equal(outcome)
        expect(verdict.counts).to.deep.equal(counts)
        expect(verdict.reasons).to.deep.equal(reasons)
      }),
    )
  })

  it('puts each execution under exactly one word', () => {
    fc.assert(
      fc.property(journals, (entries) => {
        const { started, accepted: _, ...words } = judge(entries, 's/1').counts.executions
        expect(Object.values(words).reduce((sum, count) => sum + count, 0)).to.equal(started)
      }),
    )
  })
})
