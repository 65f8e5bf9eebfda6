import { expect } from 'chai'
import type { Fact } from '../ledger/entries.ts'
import * as wire from '../ledger/messages/wire.helper.ts'
import { journalOf, type Story } from '../ledger/story.helper.ts'
import { MessageListing } from './message-listing.ts'

const MOST = 10

/** The nth message: answered, lying in its queue, or given to a consumer that acknowledges nothing. */
const nth = (n: number, became: 'answered' | 'left' | 'not to be answered'): Fact[] => {
  const call = wire.runAction(`a${n}`)
  if (became === 'left') return [wire.published('engine-1', n, call)]
  if (became === 'answered')
    return wire.passed(0, call, ['engine-1', n], ['executor-1', n]).map(([, fact]) => fact)
  return [wire.published('engine-1', n, call), wire.delivered('executor-1', n, call, { noAck: true })]
}

describe('the messages that somebody follows', () => {
  for (const became of ['answered', 'left', 'not to be answered'] as const)
    it(`are forgotten in time: each was ${became}`, () => {
      const listing = new MessageListing({ json: false }, MOST)
      const facts = Array.from({ length: 100 }, (_, index) => nth(index + 1, became)).flat()
      for (const entry of journalOf(facts.map((fact, at): Story[number] => [at, fact]))) listing.see(entry)
      const { messages, mentions, strays } = listing.traffic
      expect([...messages.keys()]).to.deep.equal(Array.from({ length: MOST }, (_, n) => `u:run:a${91 + n}`))
      expect(mentions.asked.size).to.be.at.most(MOST)
      expect(strays).to.deep.equal([])
    })

  it('are about entries that the listing was given last, and what was strange of them too', () => {
    const listing = new MessageListing({ json: false }, MOST)
    const facts = Array.from({ length: 100 }, (_, n) =>
      wire.published('engine-1', 2 * n, wire.runAction(`a${n}`)),
    )
    const entries = journalOf(facts.map((fact, at): Story[number] => [at, fact]))
    for (const entry of entries)
      expect(listing.see(entry).map(({ sends }) => sends[0]?.ordinal)).to.deep.equal([entry.ordinal])
    expect(listing.traffic.strays.map(({ ordinal }) => ordinal)).to.deep.equal(
      entries.slice(-MOST).map(({ ordinal }) => ordinal),
    )
  })
})
