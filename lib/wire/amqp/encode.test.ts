import { expect } from 'chai'
import * as fc from 'fast-check'
import { definitions, framing } from './amqplib.helper.ts'
import { encodeBody, encodeHeader, encodeHeartbeat, encodeMessage, encodeMethod } from './encode.ts'
import { Decimal, Timestamp, type Table } from './specification.ts'
import { argumentsOf, asSent, decode, methods, properties } from './trace.helper.ts'

const channels = fc.nat(65535)
const anyMethod = methods.chain((method) => fc.tuple(fc.constant(method), argumentsOf(method)))
const publish = { ticket: 0, exchange: 'openstack', routingKey: 'k', mandatory: true, immediate: false }

/** A table as it comes out of a lane that it was sent on. */
function overTheWire(table: Table): unknown {
  const binding = { ticket: 0, queue: 'q', exchange: 'e', routingKey: 'k', nowait: false }
  const { messages } = decode([encodeMethod(1, 'queue.bind', { ...binding, arguments: table })])
  return messages[0]?.method === 'queue.bind' && messages[0].fields.arguments
}

describe('encoding AMQP', () => {
  it("gives amqplib's bytes, for every method", () => {
    fc.assert(
      fc.property(anyMethod, channels, ([{ id, name }, fields], channel) => {
        const bytes = encodeMethod(channel, name, fields as never)
        expect(bytes.equals(definitions.encodeMethod(id, channel, fields))).to.equal(true)
      }),
      { numRuns: 1000 },
    )
  })

  it("gives amqplib's bytes, for content headers, body frames and heartbeats", () => {
    fc.assert(
      fc.property(properties, channels, fc.maxSafeNat(), (some, channel, size) => {
        const bytes = encodeHeader(channel, size, some)
        expect(bytes.equals(definitions.encodeProperties(60, channel, size, some))).to.equal(true)
      }),
    )
    const body = Buffer.alloc(1000, 'body')
    expect(encodeBody(7, body)).to.deep.equal([framing.makeBodyFrame(7, body)])
    expect(encodeHeartbeat()).to.deep.equal(framing.HEARTBEAT_BUF)
  })

  it('cuts a body into frames that are not larger than was negotiated', () => {
    const body = Buffer.alloc(10_000, 'body')
    const lengths = (frameMax?: number) => encodeBody(1, body, frameMax).map(({ length }) => length)
    expect(lengths(4096)).to.deep.equal([4096, 4096, 1832])
    expect(lengths()).to.deep.equal([10_008])
    expect(encodeBody(1, Buffer.alloc(0), 4096)).to.deep.equal([])
    expect(() => lengths(8)).to.throw(RangeError, '8')

    const bytes = encodeMessage(1, 'basic.publish', publish, { properties: { deliveryMode: 2 }, body }, 4096)
    const { messages, opaque } = decode([bytes])
    const sent = {
      channel: 1,
      method: 'basic.publish',
      fields: publish,
      properties: { deliveryMode: 2 },
      body,
    }
    expect([messages.map(asSent), opaque]).to.deep.equal([[sent], []])
  })

  it('keeps what amqplib has no value for', () => {
    const table = {
      large: 2n ** 63n - 1n,
      negative: -(2n ** 63n),
      integer: Number.MIN_SAFE_INTEGER,
      huge: 2 ** 60,
      infinite: Infinity,
      nothing: NaN,
      at: new Timestamp(1_790_000_000),
      late: new Timestamp(2n ** 64n - 1n),
      price: new Decimal(2, 4_294_967_295),
      nested: [[], {}, [{ deep: null }]],
    }
    expect(overTheWire(table)).to.deep.equal(table)
  })

  it('refuses what its type cannot hold', () => {
    expect(() => encodeMethod(1, 'basic.ack', { deliveryTag: -1, multiple: false })).to.throw(RangeError)
    expect(() => encodeMethod(65536, 'basic.qos-ok', {})).to.throw(RangeError)
    expect(() => encodeMethod(1, 'basic.cancel-ok', { consumerTag: 'é'.repeat(128) })).to.throw(
      RangeError,
      '256',
    )
    expect(() => overTheWire({ larger: 2n ** 63n })).to.throw(RangeError)
  })
})
