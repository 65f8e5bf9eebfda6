import { expect } from 'chai'
import { MAX_NESTING } from './field-reader.ts'
import { ack, body, decodeFrames, frame, header, method, publish } from './frames.helper.ts'

/** A method frame whose arguments end earlier, or later. */
function resized(bytes: Buffer, by: number): Buffer {
  const payload = Buffer.concat([bytes.subarray(7, -1), Buffer.alloc(Math.max(0, by))])
  return frame(bytes[0] ?? 0, bytes.readUInt16BE(1), payload.subarray(0, payload.length + Math.min(0, by)))
}

/** queue.bind with a table of these bytes. */
function bind(table: Buffer): Buffer {
  const empty = method(1, 'queue.bind', { queue: 'q', exchange: 'e', routingKey: 'k', arguments: {} })
  const length = Buffer.alloc(4)
  length.writeUInt32BE(table.length)
  return frame(1, 1, Buffer.concat([empty.subarray(7, -5), length, table]))
}

/** Tables in tables, the innermost empty. */
function nested(depth: number): object {
  return depth === 1 ? {} : { t: nested(depth - 1) }
}

const flags = header(1, 3)
flags[20] = 1
const otherClass = header(1, 3)
otherClass[8] = 50
const weighty = header(1, 3)
weighty[10] = 1

/** What is not a message, and what is said about it. */
const cases: Record<string, [frames: Buffer[], reasons: string[]]> = {
  'a heartbeat with a payload': [[frame(8, 0, Buffer.from('?'))], ['a heartbeat with a payload']],
  'a method frame without a whole id': [[frame(1, 1, Buffer.from([0, 60, 0]))], ['without a method']],
  'an argument that is missing': [[resized(ack(1), -1)], ['basic.ack: 1 bytes too few']],
  'more than the arguments': [[resized(ack(1), 2)], ['basic.ack: 2 bytes too many']],
  'a string longer than its frame': [
    [frame(1, 1, Buffer.from([0, 60, 0, 31, 9, 97]))],
    ['basic.cancel-ok: 8 bytes too few'],
  ],
  'a field type that nobody knows': [
    [bind(Buffer.from('\u0001k?'))],
    ['queue.bind: the unknown field type "?"'],
  ],
  'a value longer than its table': [[bind(Buffer.from('\u0001kI\0\0\0'))], ['queue.bind: 1 bytes too few']],
  'tables nested too deep': [
    [method(1, 'queue.bind', { queue: 'q', exchange: 'e', arguments: nested(MAX_NESTING + 1) })],
    ['queue.bind: tables nested more than 64 deep'],
  ],
  'a content method with malformed arguments, its content with it': [
    [resized(publish(1), 1), header(1, 3), body(1, 'abc')],
    ['basic.publish: 1 bytes too many'],
  ],
  'a content header without a method': [[header(1, 3)], ['a content header without a method']],
  'a second content header': [
    [publish(1), header(1, 3), header(1, 3)],
    ['basic.publish without all of its content', 'a content header without a method'],
  ],
  'an empty content header, the first of all': [
    [publish(1), frame(2, 1, Buffer.alloc(0))],
    ['the content header of basic.publish: '],
  ],
  'a content header without a body size': [
    [publish(1), frame(2, 1, Buffer.alloc(11)), body(1, 'abc')],
    ['bytes too few', 'a body frame without a method'],
  ],
  'a content header of another class': [
    [publish(1), otherClass, body(1, 'abc')],
    ['of class 50 with weight 0'],
  ],
  'a content header with a weight': [[publish(1), weighty, body(1, 'abc')], ['of class 60 with weight 1']],
  'flags without a property': [[publish(1), flags, body(1, 'abc')], ['flags without a property']],
  'properties that end too early': [
    [publish(1), resized(header(1, 3, { deliveryMode: 2 }), -1), body(1, 'abc')],
    ['the content header of basic.publish: 1 bytes too few'],
  ],
  'a body frame that belongs to nothing': [[body(1, 'abc')], ['a body frame without a method']],
  'a body before its content header': [
    [publish(1), body(1, 'abc')],
    ['basic.publish with a body before its content header'],
  ],
  'more body than the content header says': [
    [publish(1), header(1, 5), body(1, 'abc'), body(1, 'def')],
    ['basic.publish with more body than its content header says'],
  ],
  'a method in the middle of a content': [
    [publish(1), header(1, 5), body(1, 'abc'), method(1, 'channel.close-ok', {})],
    ['basic.publish without all of its content'],
  ],
}

describe('malformed messages in sound frames', () => {
  for (const [name, [frames, reasons]] of Object.entries(cases)) {
    it(name, () => {
      const whole = [publish(1), header(1, 3), body(1, 'xyz')]
      const { messages, opaque, decoder } = decodeFrames([ack(2), ...frames, ...whole])
      expect([opaque, decoder.unfinished()]).to.deep.equal([[], []])
      const said = messages.flatMap((one) => (one.method === 'malformed' ? [one.fields.reason] : []))
      expect(said).to.have.lengthOf(reasons.length)
      for (const [index, reason] of reasons.entries()) expect(said[index]).to.contain(reason)
      expect(messages.at(-1)?.content?.body.toString()).to.equal('xyz')
      const bytes = [ack(2), ...frames, ...whole].reduce((sum, { length }) => sum + length, 0)
      expect(messages.reduce((sum, { size }) => sum + size, 0)).to.equal(bytes)
    })
  }

  it('are none at the deepest nesting that is allowed', () => {
    const table = nested(MAX_NESTING)
    const { messages } = decodeFrames([
      method(1, 'queue.bind', { queue: 'q', exchange: 'e', arguments: table }),
    ])
    const [message] = messages
    expect(message?.method === 'queue.bind' && message.fields.arguments).to.deep.equal(table)
  })
})
