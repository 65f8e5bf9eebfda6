import { expect } from 'chai'
import { listed } from '../ledger/messages/listing.ts'
import { trafficOf } from '../ledger/messages/traffic.ts'
import { confirmed, published, putIn, released, runAction, withheld } from '../ledger/messages/wire.helper.ts'
import { journalOf, type Story } from '../ledger/story.helper.ts'
import { messageLine } from './message-lines.ts'

const call = runAction('a1')
const sent = published('engine-1', 1, call)

function lineOf(...story: Story): string {
  const traffic = trafficOf(journalOf(story))
  const message = traffic.messages.get(call.identity)
  if (!message) throw new Error('no such message')
  return messageLine(listed(message, traffic, undefined, 100), { colour: false, width: 80 })
}

describe('a message as a line', () => {
  it('says where it was taken out, and what was put in for it', () => {
    expect(lineOf([30, sent], [30, withheld(sent)], [30, putIn(confirmed('engine-1', 1))])).to.match(
      / {2}taken out {2}\(taken out on engine-1\.rabbitmq; its confirm put in on engine-1\.rabbitmq\)$/,
    )
  })

  it('says for how long it was held back, and what overtook it', () => {
    const other = published('engine-1', 2, runAction('a2'))
    expect(lineOf([30, sent], [30, withheld(sent)], [31, other], [70, released(sent)])).to.match(
      / {2}published {2}\(held back for 40 ms on engine-1\.rabbitmq, overtaken by run_action of action a2\)$/,
    )
  })

  it('says nothing more of one that nothing befell', () => {
    expect(lineOf([30, sent])).to.match(/ {2}published$/)
  })
})
