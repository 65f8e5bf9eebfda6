import { expect } from 'chai'
import { monotonicMs } from '../util/clock.ts'
import { until } from './rig.helper.ts'
import { Alarm } from './alarm.ts'

describe('an alarm', () => {
  it('rings once and never early, however many there are', async () => {
    const rang: { due: number; at: number }[] = []
    const now = monotonicMs()
    const dues = Array.from({ length: 300 }, (_, n) => now + 3 + ((n * 7) % 300) / 50)
    for (const due of dues) new Alarm(() => rang.push({ due, at: monotonicMs() })).set(due)
    await until('all have rung', () => rang.length === dues.length)
    for (const { due, at } of rang) expect(at).to.be.at.least(due)
    expect(rang.map(({ due }) => due)).to.have.members(dues)
  })

  it('rings when it was set last, also if that was while it waited for the last part of a millisecond', async () => {
    const rang: { name: string; at: number }[] = []
    const rings = (name: string): Alarm => new Alarm(() => rang.push({ name, at: monotonicMs() }))
    const late = rings('late')
    const cleared = rings('cleared')
    const due = monotonicMs() + 5
    new Alarm(() => {
      // On a machine that was away they have rung already, or are overdue.
      rang.length = 0
      late.set(due + 5)
      cleared.clear()
      rings('last').set(due + 10)
    }).set(due)
    late.set(due + 0.2)
    cleared.set(due + 0.3)
    await until('both have rung', () => rang.length === 2)
    expect(rang.map(({ name }) => name)).to.have.members(['late', 'last'])
    for (const { name, at } of rang) expect(at).to.be.at.least(due + (name === 'late' ? 5 : 10))
  })
})
