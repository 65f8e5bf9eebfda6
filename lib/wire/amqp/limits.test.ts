import { expect } from 'chai'
import { ack, body, decodeFrames, header, HEADER, joined, publish } from './frames.helper.ts'
import { decode } from './trace.helper.ts'

const contentOf = (kept: string, bodySize: number, truncated: boolean) => ({
  properties: {},
  bodySize,
  body: Buffer.from(kept),
  truncated,
})

describe("an AMQP decoder's limits", () => {
  it('keep the head of a large body', () => {
    const frames = [publish(1), header(1, 9), body(1, 'abc'), body(1, 'def'), body(1, 'ghi')]
    const contentWith = (maxBodyBytes: number) => decodeFrames(frames, { maxBodyBytes }).messages[0]?.content
    for (const [most, kept, truncated] of [
      [9, 'abcdefghi', false],
      [8, 'abcdefgh', true],
      [3, 'abc', true],
      [0, '', true],
    ] as const)
      expect(contentWith(most)).to.deep.equal({
        properties: {},
        bodySize: 9,
        body: Buffer.from(kept),
        truncated,
      })
    const [message] = decodeFrames([publish(1), header(1, 6), body(1, 'abcdef')], {
      maxBodyBytes: 4,
    }).messages
    expect(message?.content).to.include({ bodySize: 6, truncated: true })
    expect(message?.content?.body.toString()).to.equal('abcd')
  })

  it('keep nothing of a body that nobody wants, told by its first bytes', () => {
    const asked: string[] = []
    const keeps = (_: unknown, first: Buffer): boolean => {
      asked.push(first.toString())
      return first[0] === 0x61
    }
    const frames = [publish(1), header(1, 6), body(1, ''), body(1, 'abc'), body(1, 'def')]
    const others = [publish(2), header(2, 6), body(2, 'xyz'), body(2, 'abc'), publish(2), header(2, 0)]
    const contents = decodeFrames([...frames, ...others], { keeps }).messages.map(({ content }) => content)
    expect(contents).to.deep.equal([
      contentOf('abcdef', 6, false),
      contentOf('', 6, true),
      contentOf('', 0, false),
    ])
    expect(asked).to.deep.equal(['abc', 'xyz'])
  })

  it('hold no more of a body of 2 GiB', () => {
    const size = 2 ** 31
    const { messages, decoder } = decode([joined(HEADER, publish(1), header(1, size))])
    const payload = Buffer.alloc(2 ** 17, 'large')
    const chunk = body(1, payload)
    const before = process.memoryUsage().arrayBuffers
    for (let sent = 0; sent < size; sent += payload.length) decoder.push(chunk)
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 23)
    const content = messages.at(-1)?.content
    expect(content).to.include({ bodySize: size, truncated: true })
    const head = Array.from({ length: 8 }, () => payload)
    expect(content?.body.equals(Buffer.concat(head))).to.equal(true)
  })

  it('are shared by all channels with bodies that are not whole', () => {
    const channels = Array.from({ length: 10 }, (_, index) => index + 1)
    const text = 'x'.repeat(100)
    const begun = channels.flatMap((channel) => [publish(channel), header(channel, 200), body(channel, text)])
    const ended = channels.map((channel) => body(channel, text))
    const after = [publish(1), header(1, 450), body(1, text.repeat(4)), body(1, text.slice(50))]
    const options = { maxOpenBytes: 450 }

    const { decoder } = decodeFrames(begun, options)
    const kept = decoder.unfinished().map(({ content }) => content?.body.length)
    expect(kept).to.deep.equal([100, 100, 100, 100, 50, 0, 0, 0, 0, 0])

    const { messages } = decodeFrames([...begun, ...ended, ...after], options)
    const bodies = messages.map(({ content }) => [content?.body.length, content?.truncated])
    const none = Array.from({ length: 5 }, () => [0, true])
    expect(bodies).to.deep.equal([
      [100, true],
      [200, false],
      [200, false],
      [200, false],
      [50, true],
      ...none,
      [450, false],
    ])
  })

  it('give a lane up on which messages are begun and begun', () => {
    const channels = Array.from({ length: 65535 }, (_, index) => index + 1)
    const { messages, opaque, decoder } = decodeFrames([...channels.map(publish), ack(0)])
    expect(messages).to.deep.equal([])
    expect(opaque).to.have.lengthOf(1)
    expect(opaque[0]).to.match(/^\d{4} messages have begun/)
    expect(decoder.unfinished()).to.deep.equal([])
  })

  it('are not reached by messages that become whole, nor by as many channels as RabbitMQ allows', () => {
    const whole = joined(publish(1), header(1, 3), body(1, 'abc'))
    const { messages, opaque } = decode([HEADER, ...Array.from({ length: 20_000 }, () => whole)])
    expect([messages.length, opaque]).to.deep.equal([20_001, []])
    const channels = Array.from({ length: 2047 }, (_, index) => index + 1)
    const sane = decodeFrames(channels.map(publish))
    expect([sane.opaque, sane.decoder.unfinished().length]).to.deep.equal([[], 2047])
  })
})
