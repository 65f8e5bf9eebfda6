import { expect } from 'chai'
import { UsageError } from '../util/errors.ts'
import { Calls } from './calls.ts'
import { patternText, type MessageHost } from './messages.ts'
import { Queries } from './queries.ts'
import type { StrikeOrder } from './strike-faults.ts'

const node = (name: string) => {
  if (!/^engine-[12]$/.test(name)) throw new UsageError(`no node ${name}`)
  return { links: [`${name}.rabbitmq`] }
}

/** A promise of a cluster with two engines, as far as faults on messages ask for one. */
function host(): { host: MessageHost; orders: StrikeOrder[] } {
  const orders: StrikeOrder[] = []
  const strikes = { arm: async (order: StrikeOrder) => void orders.push(order) }
  return { host: { session: { cluster: { node } }, strikes } as unknown as MessageHost, orders }
}

const LINKS = ['engine-1.rabbitmq', 'engine-2.rabbitmq']

describe('the words for faults on messages', () => {
  it('have a regular expression with what its flags say', () => {
    const match = { body: /Wanted/i, redelivered: 'no' } as const
    const { host: made, orders } = host()
    void new Calls(made, LINKS, 'run_action', 'delivered', match).drop()
    void new Queries(made, LINKS, /^commit$/m, { transaction: /INSERT/g }).error('40001')
    expect(orders[0]?.attributes).to.include({ body: '(?i:Wanted)', redelivered: 'no', tell: 'ok' })
    expect(orders[1]?.attributes).to.include({ query: '(?m:^commit$)', transaction: 'INSERT' })
    expect(new RegExp(patternText(/^b.c$/ims)).test('a\nB\nC')).to.equal(true)
    expect(patternText(/plain/)).to.equal('plain')
  })

  it('strike the node of the link', () => {
    const { host: made, orders } = host()
    void new Calls(made, ['engine-2.rabbitmq'], 'run_action', 'published').kill()
    expect(orders[0]).to.deep.include({ what: 'kill', nodes: ['engine-2'] })
  })

  it('ask which node is meant, if the links are those of several, and take the one that is named', () => {
    const { host: made, orders } = host()
    const calls = new Calls(made, LINKS, 'run_action', 'published')
    expect(() => calls.kill()).to.throw(UsageError, 'those of engine-1, engine-2: name one')
    expect(() => calls.pause({ seconds: 1 })).to.throw(UsageError, 'name one')
    void calls.kill({ node: 'engine-2' })
    expect(orders[0]?.nodes).to.deep.equal(['engine-2'])
  })

  it('refuse a node that there is not when they are armed', () => {
    const { host: made } = host()
    const calls = new Calls(made, LINKS, 'run_action', 'published')
    expect(() => calls.kill({ node: 'engine-3' })).to.throw(UsageError, 'no node engine-3')
  })
})
