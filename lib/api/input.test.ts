import { expect } from 'chai'
import { defineAmqpToxic } from '../toxic/amqp.ts'
import { defineToxic, type AttributeValue } from '../toxic.ts'
import { ApiError } from './errors.ts'
import { toxicSpec } from './input.ts'

const DEFINITIONS = [
  defineAmqpToxic({
    type: 'amqp_mine',
    about: 'For tests.',
    attributes: { state: { text: 'plain', form: '^[0-9]{5}$', default: '40001', about: 'five digits' } },
    on: { upstream: ['basic.publish'] },
    open: (lane) => ({ strike: (chunk) => lane.send(chunk) }),
  }),
  defineToxic({
    type: 'latency',
    about: 'As the one of Toxiproxy.',
    attributes: { latency: { unit: 'ms', default: 0, min: 0, about: 'how late' } },
    open: () => ({}),
  }),
]

const read = (type: string, attributes: Record<string, unknown>): Record<string, AttributeValue> =>
  toxicSpec({ type, stream: 'upstream', attributes }, DEFINITIONS).attributes

describe('the attributes of a toxic that is none of Toxiproxy’s', () => {
  it('may be what a client guesses: numbers in texts, and texts of digits as numbers', () => {
    const given = { nth: '2', count: '0', probability: 50, state: 23505, body: 404, group: 7 }
    expect(read('amqp_mine', given)).to.include({
      nth: 2,
      count: 0,
      probability: 50,
      state: '23505',
      body: '404',
      group: '7',
    })
  })

  it('are refused where they cannot be meant', () => {
    for (const nth of ['2x', '', ' 2', '1.5', '0', '-1', '99999999999', true, 1.5, {}])
      expect(() => read('amqp_mine', { nth }), JSON.stringify(nth)).to.throw(
        ApiError,
        'nth of amqp_mine must',
      )
    for (const state of [8006, true, '1e3', 1e21])
      expect(() => read('amqp_mine', { state }), JSON.stringify(state)).to.throw(
        ApiError,
        'state of amqp_mine',
      )
  })

  it('are refused where they ask for a method that it cannot strike there', () => {
    expect(read('amqp_mine', { method: 'basic.publish' })).to.include({ method: 'basic.publish' })
    expect(() => read('amqp_mine', { method: 'basic.publsh' })).to.throw(
      ApiError,
      'strikes no message: amqp_mine on upstream with method basic.publsh; upstream it can strike basic.publish',
    )
  })

  it('of one of Toxiproxy’s are as that one takes them', () => {
    expect(() => read('latency', { latency: '5' })).to.throw(ApiError, 'latency of latency must')
  })
})
