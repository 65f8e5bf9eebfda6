import { expect } from 'chai'
import { BodyMemory } from './body-memory.ts'

const body = (text: string): Buffer => Buffer.from(text)

describe('what is known of bodies', () => {
  it('is told for the same bytes only', () => {
    const memory = new BodyMemory<string>(64)
    memory.set(1, body('one'), 'first')
    expect(memory.get(1, body('one'))).to.equal('first')
    expect(memory.get(2, body('one'))).to.equal(undefined)
    for (const other of ['two', 'on', 'ones', '']) expect(memory.get(1, body(other))).to.equal(undefined)
  })

  it('is the last that was said of them', () => {
    const memory = new BodyMemory<string>(64)
    memory.set(1, body('one'), 'first')
    memory.set(1, body('one'), 'second')
    memory.set(1, body('two'), 'third')
    expect(memory.get(1, body('two'))).to.equal('third')
    expect(memory.get(1, body('one'))).to.equal(undefined)
  })

  it('does not change with the bytes that it was said of', () => {
    const memory = new BodyMemory<string>(64)
    const bytes = body('one')
    memory.set(1, bytes, 'first')
    bytes.fill('x')
    expect(memory.get(1, body('one'))).to.equal('first')
  })

  it('is kept of the last that fill half of the room, and of no more than fill all of it', () => {
    const memory = new BodyMemory<number>(80)
    for (let number = 0; number < 100; number += 1) {
      memory.set(number, body(`${number}`.padEnd(10)), number)
      const known = Array.from({ length: number + 1 }, (_, one) => one).filter(
        (one) => memory.get(one, body(`${one}`.padEnd(10))) === one,
      )
      expect(known).to.include.members(Array.from({ length: 4 }, (_, last) => Math.max(number - last, 0)))
      expect(known.length).to.be.at.most(8)
    }
  })

  it('is nothing of a body that is longer than half of the room', () => {
    const memory = new BodyMemory<string>(16)
    memory.set(1, body('one'), 'first')
    memory.set(2, body('123456789'), 'long')
    expect(memory.get(2, body('123456789'))).to.equal(undefined)
    expect(memory.get(1, body('one'))).to.equal('first')
  })
})
