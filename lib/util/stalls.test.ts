import { expect } from 'chai'
import { monotonicMs } from './clock.ts'
import { poll } from './poll.ts'
import { watchStalls } from './stalls.ts'

describe('A stall', () => {
  it('of this process is noticed, with its length', async () => {
    const stalls: number[] = []
    using _watch = watchStalls({ everyMs: 5, limitMs: 100, onStall: (ms) => stalls.push(ms) })
    const begun = monotonicMs()
    while (monotonicMs() - begun < 150);
    await poll(() => stalls[0], { what: 'the stall is noticed', deadlineMs: 2000, everyMs: 5 })
    expect(stalls[0]).to.be.within(100, 2000)
  })

  it('is none while this process runs', async () => {
    const stalls: number[] = []
    let looks = 0
    using _watch = watchStalls({ everyMs: 5, limitMs: 5000, onStall: (ms) => stalls.push(ms) })
    await poll(() => (++looks > 10 ? true : undefined), { what: 'some looks', deadlineMs: 2000, everyMs: 5 })
    expect(stalls).to.deep.equal([])
  })
})
