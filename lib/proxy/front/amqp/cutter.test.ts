import { expect } from 'chai'
import type { Piece } from '../../../toxic/units.ts'
import { encodeMessage } from '../../../wire/amqp/encode.ts'
import { Cutter } from './cutter.ts'
import type { Interest } from './head.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')
const FIELDS = { ticket: 0, exchange: '', routingKey: 'q', mandatory: false, immediate: false }

const publish = (channel: number, body: string): Buffer =>
  encodeMessage(channel, 'basic.publish', FIELDS, { properties: {}, body: Buffer.from(body) }, 20)

const shown = ({ channel, inMessage }: Piece): string => `${channel}${inMessage ? ' and on' : ''}`

/** What a lane's bytes are cut into, as lines. */
function cutInto(interest: Interest, chunks: readonly Buffer[]): string[] {
  const lines: string[] = []
  const cutter = new Cutter({
    passed: () => {},
    message: (bytes, message) => lines.push(`message ${bytes.length} of ${message.channel}`),
    piece: (bytes, piece) => lines.push(`piece ${bytes.length} of ${shown(piece)}`),
    interest: () => interest,
    tooLong: () => {},
  })
  cutter.begin()
  cutter.push(HEADER)
  lines.length = 0
  for (const chunk of chunks) cutter.push(chunk)
  return lines
}

describe('messages of which nothing is wanted', () => {
  const [one, two] = [publish(1, 'run_action and more of it'), publish(2, 'ping')]
  const { length } = one

  it('go on as the bytes that they came in, as few pieces', () => {
    expect(cutInto(undefined, [Buffer.concat([one, one, one])])).to.deep.equal([`piece ${3 * length} of 1`])
    expect(cutInto([Buffer.from('x')], [Buffer.concat([one, one, two])])).to.deep.equal([
      `piece ${2 * length} of 1`,
      `piece ${two.length} of 2`,
    ])
  })

  it('go on when they are whole', () => {
    const [begun, rest] = [one.subarray(0, length - 9), one.subarray(length - 9)]
    expect(cutInto(undefined, [begun])).to.deep.equal([])
    expect(cutInto(undefined, [begun, rest]).join()).to.match(/^piece \d+ of 1 and on,piece \d+ of 1$/)
  })

  it('do not overtake one of which something is', () => {
    const wanted = [Buffer.from('action')]
    expect(cutInto(wanted, [Buffer.concat([two, one, two])])).to.deep.equal([
      `piece ${two.length} of 2`,
      `message ${length} of 1`,
      `piece ${two.length} of 2`,
    ])
  })
})
