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
    const rang: string[] = []
    const late = new Alarm(() => rang.push('late'))
    const cleared = new Alarm(() => rang.push('cleared'))
    const due = monotonicMs() + 5
    const early = new Alarm(() => {
      late.set(due + 5)
      cleared.clear()
      rang.push('early')
    })
    // Overdue alarms ring in the order in which their timers do, on a machine that was away: the earliest is set first.
    early.set(due)
    late.set(due + 0.2)
    cleared.set(due + 0.3)
    new Alarm(() => rang.push('last')).set(due + 10)
    await until('the last has rung', () => rang.includes('last'))
    expect(rang).to.deep.equal(['early', 'late', 'last'])
  })
})
