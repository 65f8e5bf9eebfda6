import { expect } from 'chai'
import type { Unit } from '../../../toxic/units.ts'
import { encodeMessage, encodeMethod } from '../../../wire/amqp/encode.ts'
import type { Cuts } from '../dialect.ts'
import { AmqpDialect } from './dialect.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')
const DELIVERIES = 20

/** A connection without toxics, on which messages are cut. */
function cutting(noAck: boolean): AmqpDialect {
  const unit = (stream: 'upstream' | 'downstream', bytes: Buffer, make: (until: number) => Unit) =>
    void dialect.leaving(stream, bytes, make(0), false)
  const dialect: AmqpDialect = new AmqpDialect({ unit, piece: () => {} } as unknown as Cuts, {
    begun: () => {},
    ended: () => {},
  })
  dialect.remembers = true
  dialect.begin()
  const consume = { ticket: 0, queue: 'q', consumerTag: 'c', noLocal: false, exclusive: false, nowait: false }
  dialect.cut('upstream', HEADER)
  dialect.cut('upstream', encodeMethod(1, 'basic.consume', { ...consume, noAck, arguments: {} }))
  dialect.cut('downstream', encodeMethod(1, 'basic.consume-ok', { consumerTag: 'c' }))
  for (let deliveryTag = 1; deliveryTag <= DELIVERIES; deliveryTag += 1) {
    const fields = { consumerTag: 'c', deliveryTag, redelivered: false, exchange: '', routingKey: 'q' }
    const content = { properties: {}, body: Buffer.from('body') }
    dialect.cut('downstream', encodeMessage(1, 'basic.deliver', fields, content))
  }
  return dialect
}

const remembered = ({ channels }: AmqpDialect): number => channels.of(1).delivered.size

describe('what is remembered of deliveries for toxics on acks', () => {
  it('is all until it is acked, and none once nobody asks', () => {
    const dialect = cutting(false)
    expect(remembered(dialect)).to.equal(DELIVERIES)
    dialect.cut('upstream', encodeMethod(1, 'basic.ack', { deliveryTag: 5, multiple: true }))
    expect(remembered(dialect)).to.equal(DELIVERIES - 5)
    dialect.channels.forgetAnswered()
    expect(remembered(dialect)).to.equal(0)
  })

  it('is nothing where nobody acks', () => {
    expect(remembered(cutting(true))).to.equal(0)
  })
})
