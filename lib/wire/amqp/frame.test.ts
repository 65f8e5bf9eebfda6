import { expect } from 'chai'
import * as fc from 'fast-check'
import { definitions, framing } from './amqplib.helper.ts'
import { FrameReader, MAX_HELD_PAYLOAD, PROTOCOL_HEADER, type Frame } from './frame.ts'
import { CONSTANTS } from './methods.ts'
import { cut, cuts, traces } from './trace.helper.ts'

const { FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_HEARTBEAT } = CONSTANTS

interface Read {
  frames: Frame[]
  opaque: string[]
  reader: FrameReader
}

function read(chunks: readonly Buffer[]): Read {
  const frames: Frame[] = []
  const opaque: string[] = []
  const reader = new FrameReader({
    onFrame: (frame) => frames.push(frame),
    onOpaque: (reason) => opaque.push(reason),
  })
  for (const chunk of chunks) reader.push(chunk)
  return { frames, opaque, reader }
}

/** `3/7 at 12: payload`, pieces put together. */
function whole(frames: readonly Frame[]): string[] {
  const texts: string[] = []
  let payloads: Buffer[] = []
  let offset = 0
  for (const frame of frames) {
    if (frame.begins) {
      payloads = []
      offset = frame.offset
    }
    payloads.push(frame.payload)
    const payload = Buffer.concat(payloads)
    if (frame.ends) texts.push(`${frame.type}/${frame.channel} at ${offset}: ${payload.toString('hex')}`)
  }
  return texts
}

const OPEN = definitions.encodeMethod(655400, 0, { virtualHost: '/', capabilities: '', insist: false })
const ACK = definitions.encodeMethod(3932240, 3, { deliveryTag: 1, multiple: true })
const BODY = framing.makeBodyFrame(3, Buffer.from('the body'))

/** A frame that says that its payload has this size. */
function claiming(type: number, size: number): Buffer {
  const bytes = Buffer.from(OPEN)
  bytes[0] = type
  bytes.writeUInt32BE(size, 3)
  return bytes
}

describe('a frame reader', () => {
  it('reads protocol header and frames', () => {
    const header = Buffer.from(framing.PROTOCOL_HEADER, 'latin1')
    const { frames, opaque } = read([Buffer.concat([header, ACK, BODY, framing.HEARTBEAT_BUF])])
    expect(opaque).to.deep.equal([])
    expect(frames.map(({ type }) => type)).to.deep.equal([
      PROTOCOL_HEADER,
      FRAME_METHOD,
      FRAME_BODY,
      FRAME_HEARTBEAT,
    ])
    expect(frames.map(({ channel }) => channel)).to.deep.equal([0, 3, 3, 0])
    expect(frames.map(({ offset }) => offset)).to.deep.equal([0, 8, 29, 45])
    expect(frames.map(({ payload }) => payload.length)).to.deep.equal([4, 13, 8, 0])
    expect(frames[2]?.payload.toString()).to.equal('the body')
  })

  it('reads the same frames, and passes on all bytes, however they are cut', () => {
    fc.assert(
      fc.property(traces, cuts, ({ bytes }, lengths) => {
        const atOnce = read([bytes])
        const inPieces = read(cut(bytes, lengths))
        expect(whole(inPieces.frames)).to.deep.equal(whole(atOnce.frames))
        expect(atOnce.frames.every(({ begins, ends }) => begins && ends)).to.equal(true)
        for (const { frames, opaque } of [atOnce, inPieces]) {
          expect(Buffer.concat(frames.map(({ raw }) => raw)).equals(bytes)).to.equal(true)
          expect(opaque).to.deep.equal([])
        }
      }),
    )
  })

  it('copies nothing of a frame that is in one chunk, nor of a body', () => {
    const chunk = Buffer.alloc(31)
    Buffer.concat([ACK, BODY]).copy(chunk)
    const rest = Buffer.alloc(6)
    BODY.copy(rest, 0, 10)
    const { frames } = read([chunk, rest])
    const [method, begun, ended] = frames
    expect(method?.raw.buffer).to.equal(chunk.buffer)
    expect(begun?.payload.buffer).to.equal(chunk.buffer)
    expect(ended?.payload.buffer).to.equal(rest.buffer)
    expect([begun?.begins, begun?.ends, ended?.begins, ended?.ends]).to.deep.equal([true, false, false, true])
    expect([begun?.payload.toString(), ended?.payload.toString()]).to.deep.equal(['the', ' body'])
  })

  const foreign: Record<string, Buffer> = {
    'a TLS hello': Buffer.from('16030100f8010000f40303', 'hex'),
    'an HTTP request': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'a text that begins like a protocol header': Buffer.from('AMPQ is misspelt'),
    'a PostgreSQL start-up': Buffer.from('0000000804d2162f', 'hex'),
    'a body frame that comes first': BODY,
    zeros: Buffer.alloc(64),
  }
  for (const [name, bytes] of Object.entries(foreign)) {
    it(`takes ${name} for something else, and says so once`, () => {
      for (const chunks of [[bytes], cut(bytes, [1]), [bytes, ACK, bytes]]) {
        const { frames, opaque, reader } = read(chunks)
        expect(frames).to.deep.equal([])
        expect(opaque).to.deep.equal(['its first bytes are not AMQP'])
        expect(reader.opaque).to.equal(opaque[0])
      }
    })
  }

  const broken: Record<string, [Buffer, string]> = {
    'a frame without its end': [
      Buffer.concat([ACK.subarray(0, -1), Buffer.from([0])]),
      'no frame end at byte 36',
    ],
    'a body frame without its end': [
      Buffer.concat([BODY.subarray(0, -1), Buffer.from([0])]),
      'no frame end at byte 31',
    ],
    'a second protocol header': [
      Buffer.from(framing.PROTOCOL_HEADER, 'latin1'),
      'the unknown type 65 at byte 16',
    ],
    'an unknown frame type': [claiming(4, 3), 'the unknown type 4 at byte 16'],
    'a method that is too large': [claiming(FRAME_METHOD, MAX_HELD_PAYLOAD + 1), '1048577 bytes at byte 16'],
    'a content header that is too large': [
      claiming(FRAME_HEADER, 2 ** 32 - 1),
      '4294967295 bytes at byte 16',
    ],
  }
  for (const [name, [bytes, reason]] of Object.entries(broken)) {
    it(`gives a lane up at ${name}`, () => {
      for (const chunks of [
        [Buffer.concat([OPEN, bytes, ACK])],
        cut(Buffer.concat([OPEN, bytes, ACK]), [1]),
      ]) {
        const { frames, opaque } = read(chunks)
        expect(frames[0]?.raw.equals(OPEN)).to.equal(true)
        expect(frames.some(({ type, channel }) => type === FRAME_METHOD && channel === 3)).to.equal(false)
        expect(opaque).to.have.lengthOf(1)
        expect(opaque[0]).to.contain(reason)
      }
    })
  }

  it('reads no more of a lane that was given up, and says so once', () => {
    const { frames, opaque, reader } = read([OPEN])
    reader.giveUp('enough')
    reader.giveUp('more than enough')
    reader.push(ACK)
    expect([frames.length, opaque, reader.opaque]).to.deep.equal([1, ['enough'], 'enough'])
  })

  it('holds nothing of a body frame of 4 GiB', () => {
    const { frames, opaque, reader } = read([OPEN, claiming(FRAME_BODY, 2 ** 32 - 1).subarray(0, 7)])
    const chunk = Buffer.alloc(65536)
    for (let n = 0; n < 65536; n += 1) reader.push(chunk)
    expect(opaque).to.deep.equal(['no frame end at byte 4294967318'])
    expect(frames.at(-1)?.ends).to.equal(false)
    const first = frames.find(({ type, payload }) => type === FRAME_BODY && payload.length > 0)
    expect([first?.raw.buffer === chunk.buffer, first?.raw.length]).to.deep.equal([true, 65536])
  })
})
