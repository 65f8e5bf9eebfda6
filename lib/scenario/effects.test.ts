import { expect } from 'chai'
import type { Fact } from '../ledger/entries.ts'
import { poll } from '../util/poll.ts'
import { openEffects, type Effects } from './effects.ts'

describe('The effects endpoint', () => {
  let facts: Fact[]
  let effects: Effects

  beforeEach(async () => {
    facts = []
    effects = await openEffects({ onFact: (fact) => facts.push(fact) })
  })
  afterEach(() => effects[Symbol.asyncDispose]())

  const call = (task: string, attempt = 'mark', signal?: AbortSignal): Promise<Response> =>
    fetch(`${effects.url}/execution/root/${task}/0/${attempt}`, {
      method: 'POST',
      ...(signal ? { signal } : {}),
    })
  const arrived = (count: number) =>
    poll(() => (effects.arrived.length >= count ? true : undefined), {
      what: 'arrivals',
      deadlineMs: 2000,
      everyMs: 5,
    })
  const kinds = (): string[] => facts.map(({ kind }) => kind)

  it('says that an action ran before it answers', async () => {
    effects.hold(() => true)
    const answer = call('t1')
    await arrived(1)
    expect(kinds()).to.deep.equal(['effect.arrived'])
    effects.release()
    expect((await answer).status).to.equal(200)
    expect(kinds()).to.deep.equal(['effect.arrived', 'effect.answered'])
  })

  it('sees an attempt that runs twice as two arrivals of one mark', async () => {
    await call('t1', 'same')
    await call('t1', 'same')
    expect(effects.arrived.map(({ effect, attempt }) => [effect, attempt])).to.deep.equal([
      [1, 'same'],
      [2, 'same'],
    ])
  })

  it('keeps back only what matches, and lets all go at once', async () => {
    effects.hold(({ task }) => task === 'held')
    const held = [call('held'), call('held')]
    expect((await call('free')).status).to.equal(200)
    await arrived(3)
    expect(effects.unanswered().map(({ effect }) => effect.task)).to.deep.equal(['held', 'held'])
    effects.release()
    expect((await Promise.all(held)).map(({ status }) => status)).to.deep.equal([200, 200])
    expect(effects.unanswered()).to.deep.equal([])
  })

  it('answers no sooner than the action takes', async () => {
    effects.take(60)
    const begun = performance.now()
    await call('t1')
    // A timer may fire up to a millisecond early.
    expect(performance.now() - begun).to.be.at.least(59)
  })

  it('tells when the caller had gone before its answer', async () => {
    effects.hold(() => true)
    const caller = new AbortController()
    const gone = call('t1', 'mark', caller.signal).catch(() => 'gone')
    await arrived(1)
    caller.abort()
    expect(await gone).to.equal('gone')
    await poll(() => (effects.unanswered().length === 0 ? true : undefined), {
      what: 'the connection is seen to have ended',
      deadlineMs: 2000,
      everyMs: 5,
    })
    effects.release()
    expect(facts.at(-1)).to.include({ kind: 'effect.answered', delivered: false })
  })

  it('takes nothing else for an effect', async () => {
    const response = await fetch(`${effects.url}/execution/root/t1/0`)
    expect(response.status).to.equal(404)
    expect(facts).to.deep.equal([])
  })
})
