import { expect } from 'chai'
import { journalOf, type Story } from '../story.helper.ts'
import { Bindings, topicMatches } from './bindings.ts'

const place = { link: 'engine-1.rabbitmq', connection: 1 }

function bindingsOf(...facts: Story[number][1][]): Bindings {
  const bindings = new Bindings()
  for (const entry of journalOf(facts.map((fact) => [0, fact]))) bindings.see(entry)
  return bindings
}

const exchange = (type: string): Story[number][1] => ({
  kind: 'exchange.declared',
  ...place,
  exchange: 'x',
  type,
})
const queue = (name: string): Story[number][1] => ({
  kind: 'queue.declared',
  ...place,
  queue: name,
  messages: 0,
  consumers: 0,
})
const bind = (name: string, routingKey: string, more: { unbound?: true } = {}): Story[number][1] => ({
  kind: 'queue.bound',
  ...place,
  queue: name,
  exchange: 'x',
  routingKey,
  ...more,
})

describe('bindings', () => {
  it('of a topic exchange match word by word', () => {
    for (const [pattern, key] of [
      ['a.b', 'a.b'],
      ['a.*', 'a.b'],
      ['#', ''],
      ['#', 'a.b.c'],
      ['a.#', 'a'],
      ['#.c', 'a.b.c'],
      ['a.#.d', 'a.b.c.d'],
    ] as const)
      expect(topicMatches(pattern, key), `${pattern} ${key}`).to.equal(true)
    for (const [pattern, key] of [
      ['a.b', 'a'],
      ['a.*', 'a.b.c'],
      ['*', 'a.b'],
      ['a.#.d', 'a.b.c'],
    ] as const)
      expect(topicMatches(pattern, key), `${pattern} ${key}`).to.equal(false)
  })

  it('route to each queue once', () => {
    const bindings = bindingsOf(exchange('topic'), bind('q1', 'a'), bind('q1', '*'), bind('q2', 'b'))
    expect(bindings.route('x', 'a')).to.deep.equal(['q1'])
    expect(bindings.route('x', 'b')).to.deep.equal(['q1', 'q2'])
  })

  it('of direct and fanout exchanges route as these do', () => {
    expect(bindingsOf(exchange('direct'), bind('q', 'a.*')).route('x', 'a.b')).to.deep.equal([])
    expect(bindingsOf(exchange('fanout'), bind('q', '')).route('x', 'any')).to.deep.equal(['q'])
  })

  it('are gone when they were taken away, or their queue was', () => {
    expect(
      bindingsOf(exchange('topic'), bind('q', 'a'), bind('q', 'a', { unbound: true })).route('x', 'a'),
    ).to.deep.equal([])
    const gone = bindingsOf(exchange('topic'), queue('q'), bind('q', 'a'), {
      kind: 'queue.deleted',
      ...place,
      queue: 'q',
    })
    expect(gone.route('x', 'a')).to.deep.equal([])
  })

  it('say nothing of exchanges that were not seen, or are of another type', () => {
    expect(bindingsOf().route('x', 'a')).to.equal(undefined)
    expect(bindingsOf(exchange('headers')).route('x', 'a')).to.equal(undefined)
  })

  it('of the default exchange are the names of queues', () => {
    expect(bindingsOf(queue('q')).route('', 'q')).to.deep.equal(['q'])
    expect(bindingsOf().route('', 'q')).to.equal(undefined)
  })
})
