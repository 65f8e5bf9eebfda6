import { expect } from 'chai'
import * as fc from 'fast-check'
import {
  ack,
  body,
  decodeFrames,
  frame,
  header,
  HEADER,
  joined,
  publish,
  PUBLISHING,
} from './frames.helper.ts'
import { asSent, cut, cuts, decode, traces } from './trace.helper.ts'

const sizeOf = (messages: readonly { size: number }[]): number =>
  messages.reduce((sum, { size }) => sum + size, 0)

describe('an AMQP decoder', () => {
  it('gives what amqplib has sent, however it is cut', () => {
    fc.assert(
      fc.property(traces, cuts, ({ bytes, sent }, lengths) => {
        const atOnce = decode([bytes])
        expect(atOnce.messages.map(asSent)).to.deep.equal(sent)
        expect(atOnce.opaque).to.deep.equal([])
        expect(decode(cut(bytes, lengths)).messages).to.deep.equal(atOnce.messages)
      }),
      { numRuns: 200 },
    )
  })

  it('has each byte in one message, and messages in the order of their last bytes', () => {
    fc.assert(
      fc.property(traces, ({ bytes }) => {
        const { messages, decoder } = decode([bytes])
        expect(decoder.unfinished()).to.deep.equal([])
        expect(sizeOf(messages)).to.equal(bytes.length)
        const ends = messages.map(({ end }) => end)
        expect(ends).to.deep.equal(ends.toSorted((a, b) => a - b))
        for (const { offset, end, size } of messages) expect(end - offset).to.be.at.least(size)
      }),
    )
  })

  it('gives the same of any sound frames, however they are cut', () => {
    const payload = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
    const anything = fc
      .tuple(fc.constantFrom(1, 2, 3, 8), fc.constantFrom(1, 2), payload)
      .map(([type, channel, payload]) => frame(type, channel, payload))
    const sound = fc.oneof(anything, fc.constantFrom(publish(1), header(1, 20), body(1, 'some'), ack(1)))
    fc.assert(
      fc.property(fc.array(sound), cuts, (frames, lengths) => {
        const bytes = joined(HEADER, ...frames)
        const atOnce = decode([bytes])
        const inPieces = decode(cut(bytes, lengths))
        expect(inPieces.messages).to.deep.equal(atOnce.messages)
        expect(inPieces.decoder.unfinished()).to.deep.equal(atOnce.decoder.unfinished())
        expect([...inPieces.opaque, ...atOnce.opaque]).to.deep.equal([])
        expect(sizeOf([...atOnce.messages, ...atOnce.decoder.unfinished()])).to.be.at.most(bytes.length)
      }),
    )
  })

  it('puts interleaved channels together, and says where each message was', () => {
    const { messages } = decodeFrames([
      publish(1),
      publish(2),
      header(2, 4),
      header(1, 6),
      body(1, 'abc'),
      body(2, 'wxyz'),
      ack(3),
      body(1, 'def'),
    ])
    expect(messages.map(({ channel, content }) => [channel, content?.body.toString()])).to.deep.equal([
      [2, 'wxyz'],
      [3, undefined],
      [1, 'abcdef'],
    ])
    expect(messages.map(({ offset, end, size }) => [offset, end, size])).to.deep.equal([
      [27, 113, 53],
      [113, 134, 21],
      [8, 145, 63],
    ])
  })

  it('hands out as a view a body that came in one piece, and as its own memory one that did not', () => {
    const first = joined(HEADER, publish(1), header(1, 3), body(1, 'abc'), publish(1), header(1, 6))
    const second = joined(body(1, 'abcdef'), publish(1), header(1, 6), body(1, 'abc'), body(1, 'def'))
    const [, view, another, own] = decode([first, second]).messages.map(({ content }) => content?.body)
    expect(view?.buffer).to.equal(first.buffer)
    expect(another?.buffer).to.equal(second.buffer)
    expect(own?.buffer).not.to.equal(second.buffer)
    expect(own?.toString()).to.equal('abcdef')
  })

  it('keeps 64-bit numbers exact', () => {
    const acks = [0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n].map((tag) => {
      const bytes = ack(1)
      bytes.writeBigUInt64BE(tag, 11)
      return bytes
    })
    const tags = decodeFrames(acks).messages.map(
      (one) => one.method === 'basic.ack' && one.fields.deliveryTag,
    )
    expect(tags).to.deep.equal([0, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n])
  })

  it('has a name for a method that it does not know', () => {
    const { messages, opaque } = decodeFrames([frame(1, 4, Buffer.from([0, 60, 0, 99, 1, 2, 3])), ack(4)])
    expect(messages.map(({ method, fields, size }) => ({ method, fields, size }))).to.deep.equal([
      { method: 'unknown.60.99', fields: {}, size: 15 },
      { method: 'basic.ack', fields: { deliveryTag: 7, multiple: true }, size: 21 },
    ])
    expect(opaque).to.deep.equal([])
  })

  it('says what of a message has arrived when a lane ends', () => {
    const cutShort = joined(body(1, 'abcdef')).subarray(0, 10)
    const { messages, decoder } = decodeFrames([
      publish(2),
      publish(1),
      header(1, 6, { deliveryMode: 2 }),
      cutShort,
    ])
    expect(messages).to.deep.equal([])
    expect(decoder.unfinished()).to.deep.equal([
      { channel: 2, method: 'basic.publish', fields: PUBLISHING, content: undefined, offset: 8, size: 19 },
      {
        channel: 1,
        method: 'basic.publish',
        fields: PUBLISHING,
        content: { properties: { deliveryMode: 2 }, bodySize: 6, body: Buffer.from('abc'), truncated: false },
        offset: 27,
        size: 19 + 23 + 10,
      },
    ])
  })

  it('leaves a lane that speaks another version after its protocol header', () => {
    for (const version of [
      [0, 1, 0, 0],
      [3, 1, 0, 0],
      [1, 0, 9, 1],
      [0, 0, 9, 0],
    ]) {
      const bytes = joined(Buffer.from('AMQP'), Buffer.from(version), ack(1))
      const { messages, opaque, decoder } = decode([bytes, bytes])
      const [protocolId, versionMajor, versionMinor, revision] = version
      expect(messages.map(({ fields }) => fields)).to.deep.equal([
        { protocolId, versionMajor, versionMinor, revision },
      ])
      expect(opaque).to.deep.equal([
        `its protocol is AMQP ${version.slice(1).join('-')} with the id ${protocolId}`,
      ])
      expect(decoder.opaque).to.equal(opaque[0])
    }
  })
})
