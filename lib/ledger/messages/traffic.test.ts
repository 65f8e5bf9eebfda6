import { expect } from 'chai'
import type { Fact } from '../entries.ts'
import { Traffic } from './traffic.ts'
import { acked, closed, confirmed, delivered, published, runAction } from './wire.helper.ts'

const see = (traffic: Traffic, ...facts: Fact[]): void => {
  for (const [index, fact] of facts.entries())
    traffic.see({ ...fact, ordinal: index + 1, at: 0, checksum: '' })
}

describe('the traffic of a cluster that runs for days', () => {
  const MOST = 100
  const MANY = 250_000

  it('keeps the last messages of which everything was answered', () => {
    const traffic = new Traffic(undefined, MOST)
    for (let tag = 1; tag <= 10 * MOST; tag += 1) {
      const call = runAction(`a${tag}`)
      see(traffic, published('engine-1', tag, call), confirmed('engine-1', tag))
      see(traffic, delivered('executor-1', tag, call), acked('executor-1', tag))
    }
    expect([...traffic.messages.keys()].at(-1)).to.equal(`u:run:a${10 * MOST}`)
    expect(traffic).to.deep.include({ forgotten: 9 * MOST, strays: [] })
    expect(traffic.messages.size).to.equal(MOST)
  })

  it('keeps ten times as many of which something is open', () => {
    const traffic = new Traffic(undefined, MOST)
    for (let tag = 1; tag <= 20 * MOST; tag += 1)
      see(traffic, published('engine-1', tag, runAction(`a${tag}`)))
    expect(traffic.messages.size).to.equal(10 * MOST)
  })

  it('takes for arrived what a lane cannot have in hand any more, where nothing is confirmed', () => {
    const traffic = new Traffic()
    for (let number = 1; number <= MANY; number += 1)
      see(traffic, published('engine-1', 0, runAction(`a${number}`), { until: number }))
    const reached = (number: number) => traffic.messages.get(`u:run:a${number}`)?.sends[0]?.reached
    expect([reached(1), reached(MANY - 100_000)]).to.deep.equal(['yes', 'open'])
    see(traffic, closed('engine-1.rabbitmq', MANY - 1))
    expect([reached(1), reached(MANY - 1), reached(MANY)]).to.deep.equal(['yes', 'yes', 'no'])
  })
})
