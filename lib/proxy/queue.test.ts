import { expect } from 'chai'
import { askForPiece, cutPiece, Queue, type Item } from './queue.ts'

const item = (text: string, due = 0): Item => ({ due, since: 0, bytes: Buffer.from(text) })
const end = (due = 0): Item => ({ due, since: 0, bytes: undefined })

/** All that leaves, in order; the end is a full stop. */
function drain(queue: Queue): string[] {
  const left: string[] = []
  for (let first = queue.first(); first; first = queue.first()) {
    left.push(first.bytes?.toString() ?? '.')
    queue.shift()
  }
  return left
}

describe('what a stage has in hand', () => {
  it('leaves in order; what is aside when it is due, and before the end', () => {
    const queue = new Queue()
    for (const one of [item('a', 1), item('b', 3), end(3)]) queue.push(one)
    for (const one of [item('late', 9), item('x', 2), item('y', 2)]) queue.putAside(one)
    expect(queue.isOpen).to.equal(false)
    expect(drain(queue)).to.deep.equal(['a', 'x', 'y', 'b', 'late', '.'])
    expect([queue.isOpen, queue.isEmpty]).to.deep.equal([true, true])
  })

  it('is taken as a whole', () => {
    const queue = new Queue()
    queue.push(item('a'))
    queue.push(end())
    queue.putAside(item('x'))
    expect(queue.isEmpty).to.equal(false)
    expect(queue.takeAll().map(({ bytes }) => bytes?.toString())).to.deep.equal(['a', undefined, 'x'])
    expect(queue.isEmpty).to.equal(true)
  })

  it('gives all but what leaves piece by piece, which is asked for anew, and what is behind that', () => {
    const queue = new Queue()
    const paced = { ...item('paced', 50), pace: (left: number) => ({ size: left, due: 60 }), size: 2 }
    for (const one of [item('a', 1), paced, item('b', Infinity), end(Infinity)]) queue.push(one)
    queue.putAside(item('x', 99))
    expect(queue.takeUnpaced().map(({ bytes }) => bytes?.toString())).to.deep.equal(['a', 'x'])
    expect(queue.first()).to.include({ due: 0, size: 0 })
    expect(queue.hasDue(2, 0)).to.equal(true)
    expect(drain(queue)).to.deep.equal(['paced', 'b', '.'])
    queue.push(item('c', 5))
    expect(queue.takeUnpaced().map(({ bytes }) => bytes?.toString())).to.deep.equal(['c'])
  })

  it('tells when very much is due', () => {
    const queue = new Queue()
    for (let n = 0; n < 10; n += 1) queue.push(item('x', n))
    expect([queue.hasDue(5, 5), queue.hasDue(5, 4), queue.hasDue(10, 99)]).to.deep.equal([true, false, false])
  })

  it('keeps very many small items in few slots: every byte, in order, none before its time', () => {
    for (const pace of [undefined, (left: number) => ({ size: left, due: 0 })]) {
      const queue = new Queue()
      const text = Array.from({ length: 100_000 }, (_, n) => 'abcdefg'[n % 7])
      for (const [n, letter = ''] of text.entries()) queue.push({ ...item(letter, n), ...(pace && { pace }) })
      const items = queue.takeAll()
      expect(items.length).to.be.lessThan(16_500)
      expect(items.map(({ bytes }) => bytes?.toString()).join('')).to.equal(text.join(''))
      if (!pace) expect(items.at(-1)?.due).to.equal(99_999)
    }
  })
})

describe('what leaves piece by piece', () => {
  it('is asked for each piece once', () => {
    const asked: number[] = []
    const paced: Item = {
      ...item('abcde'),
      pace: (left) => {
        asked.push(left)
        return { size: Math.min(left, 2), due: left }
      },
    }
    const pieces: string[] = []
    while (paced.bytes?.length) {
      askForPiece(paced)
      askForPiece(paced)
      expect(paced.due).to.equal(asked.at(-1))
      pieces.push(cutPiece(paced).toString())
    }
    expect(pieces).to.deep.equal(['ab', 'cd', 'e'])
    expect(asked).to.deep.equal([5, 3, 1])
  })

  it('cannot be nothing, nor more than there is, nor come at no time', () => {
    for (const size of [0, -1, 1.5, 4, NaN]) {
      const paced = { ...item('abc'), pace: () => ({ size, due: 0 }) }
      expect(() => askForPiece(paced)).to.throw(RangeError, 'of the 3 bytes that are left')
    }
    const timeless = { ...item('abc'), pace: () => ({ size: 1, due: NaN }) }
    expect(() => askForPiece(timeless)).to.throw(TypeError, 'due')
  })
})
