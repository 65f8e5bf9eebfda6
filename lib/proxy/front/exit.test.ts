import { expect } from 'chai'
import type { AmqpUnit } from '../../toxic/units.ts'
import { contiguous, Exit } from './exit.ts'

const AS_IT_IS = { protocol: undefined, channel: 0, inFrame: false, inMessage: false } as const

/** A message of channel 1 that ends here in the tapped lane; undefined: a toxic made it. */
const unit = (until: number | undefined): AmqpUnit =>
  ({ protocol: 'amqp', message: { channel: 1 }, until }) as AmqpUnit

/** An exit behind which everything leaves at once. */
function rig(leaving: (bytes: Buffer) => readonly Buffer[] = (bytes) => [bytes]) {
  const late = new Set<unknown>()
  let left = 0
  const exit = new Exit(
    {
      leaving,
      drops: () => false,
      isInOrder: (one) => !late.has(one),
      inserted: () => {},
    },
    { data: (bytes) => void (left += bytes.length), ending: () => {} },
  )
  return {
    exit,
    /** A message of so many bytes that ends there. */
    send: (size: number, until: number | undefined) => exit.data(Buffer.alloc(size), unit(until)),
    sendLate: (size: number, until: number) => {
      const one = unit(until)
      late.add(one)
      exit.data(Buffer.alloc(size), one)
    },
    /** How far the tapped lane was handed on, at each number of bytes that have left. */
    handedOn: () => Array.from({ length: left + 1 }, (_, bytes) => exit.handedOn(bytes)),
  }
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('how far a lane was handed on', () => {
  it('is told byte by byte as long as nothing was done to it', () => {
    const { send, handedOn } = rig()
    send(3, 3)
    send(2, 5)
    expect(handedOn()).to.deep.equal(upTo(0, 5))
  })

  it('does not grow while something leaves that was put in', () => {
    const { send, exit, handedOn } = rig()
    send(2, 2)
    send(3, undefined)
    exit.insert(Buffer.alloc(2), 1)
    send(2, 4)
    expect(handedOn()).to.deep.equal([0, 1, 2, 2, 2, 2, 2, 2, 3, 4])
  })

  it('goes on behind what was taken out, and is not put back when that leaves late', () => {
    const { send, sendLate, handedOn } = rig()
    send(2, 2)
    send(2, 7)
    sendLate(3, 5)
    send(1, 8)
    expect(handedOn()).to.deep.equal([0, 1, 5, 6, 7, 7, 7, 7, 8])
  })

  it('grows at the end of what is not the same to the other side', () => {
    const { send, handedOn } = rig(() => [Buffer.alloc(1), Buffer.alloc(3)])
    send(2, 2)
    expect(handedOn()).to.deep.equal([0, 0, 0, 0, 2])
  })

  it('is right again when bytes pass by, whatever was done before', () => {
    const { send, exit, handedOn } = rig()
    send(2, 2)
    send(3, undefined)
    exit.data(Buffer.alloc(2), AS_IT_IS)
    exit.passed(0, 9)
    expect(handedOn().at(-1)).to.equal(9)
  })
})

describe('what is joined', () => {
  const whole = Buffer.from('0123456789')
  const texts = (...parts: [number, number][]): string[] =>
    contiguous(parts.map(([from, to]) => whole.subarray(from, to))).map(String)

  it('is what lies behind each other, and nothing else', () => {
    expect(texts()).to.deep.equal([])
    expect(texts([0, 3], [3, 5], [5, 10])).to.deep.equal(['0123456789'])
    expect(texts([0, 3], [4, 5], [5, 6], [0, 1])).to.deep.equal(['012', '45', '0'])
  })

  it('is there as often as it was given', () => {
    const part = whole.subarray(2, 4)
    expect(contiguous([part, part, part]).map(String)).to.deep.equal(['23', '23', '23'])
  })
})
