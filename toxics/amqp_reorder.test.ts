import { expect } from 'chai'
import { rig, spec, until, type Peer } from '../lib/proxy/rig.helper.ts'
import { encodeMessage } from '../lib/wire/amqp/encode.ts'
import reorder from './amqp_reorder.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')

const publish = (text: string): Buffer =>
  encodeMessage(
    1,
    'basic.publish',
    { ticket: 0, exchange: '', routingKey: 'q', mandatory: false, immediate: false },
    { properties: {}, body: Buffer.from(`<${text}>`) },
  )

const came = ({ received }: Peer): string =>
  [...received.toString('latin1').matchAll(/<(\w+)>/g)].map(([, text]) => text).join(' ')

/** Two connections of one link, and a swap that is armed on it. */
async function swapping(attributes: { timeout: number; count?: number }) {
  const it = await rig([spec(reorder, { name: 'swap', stream: 'upstream', attributes })])
  const [one, two] = [await it.connect(), await it.connect()]
  for (const { client } of [one, two]) client.socket.write(HEADER)
  return { it, one, two }
}

describe('amqp_reorder, where a link has several connections', () => {
  it('swaps two of one of them, whatever comes on the other meanwhile', async () => {
    const { it: made, one, two } = await swapping({ timeout: 5000 })
    using _ = made
    one.client.socket.write(publish('a'))
    await until('it is kept', () => made.proxy.evidence().toxics.messagesStruck === 1)
    two.client.socket.write(publish('x'))
    await until('the other goes on', () => came(two.server) === 'x')
    one.client.socket.write(publish('b'))
    await until('they are swapped', () => came(one.server) === 'b a')
    expect(made.proxy.evidence().toxics.messagesStruck).to.equal(2)
  })

  it('waits no longer for a connection than it would for a second one', async () => {
    const { it: made, one, two } = await swapping({ timeout: 50 })
    using _ = made
    one.client.socket.write(publish('a'))
    await until('it has gone', () => came(one.server) === 'a')
    two.client.socket.write(publish('x'))
    await until('it is struck too', () => made.proxy.evidence().toxics.messagesStruck === 2)
  })

  it('swaps on each of them, if all are swapped', async () => {
    const { it: made, one, two } = await swapping({ timeout: 5000, count: 0 })
    using _ = made
    for (const text of ['a', 'b']) for (const { client } of [one, two]) client.socket.write(publish(text))
    for (const { server } of [one, two]) await until('they are swapped', () => came(server) === 'b a')
  })
})
