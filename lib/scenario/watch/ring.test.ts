import { expect } from 'chai'
import { property, assert, array, integer, tuple } from 'fast-check'
import { newRing, RingReader, RingWriter, type RingRecord } from './ring.ts'

const RING_BYTES = 1024
const PATIENCE_MS = 5

function ends(bytes = RING_BYTES): { writer: RingWriter; reader: RingReader } {
  const ring = newRing(bytes)
  return { writer: new RingWriter(ring, PATIENCE_MS), reader: new RingReader(ring) }
}

const filled = (length: number, byte: number): Buffer => Buffer.alloc(length, byte)

/** All that can be read, copied. */
function drained(reader: RingReader): RingRecord[] {
  const records: RingRecord[] = []
  for (let record = reader.read(); record; record = reader.read()) {
    records.push({ ...record, payload: Buffer.from(record.payload) })
    reader.release()
  }
  return records
}

describe('the ring between two threads', () => {
  it('gives every record as it was written, in order, wherever its end falls', () => {
    const { writer } = ends()
    const lengths = array(tuple(integer({ min: 0, max: writer.longest }), integer({ min: 0, max: 2 })))
    assert(
      property(lengths, (records) => {
        const { writer, reader } = ends()
        const [written, read]: RingRecord[][] = [[], []]
        for (const [number, [length, drains]] of records.entries()) {
          const record = {
            kind: 1 + (number % 5),
            lane: number,
            at: number / 8,
            payload: filled(length, number),
          }
          // A full ring is emptied, as the other thread would.
          if (drains === 0 || !writer.write(record.kind, record.lane, record.at, record.payload)) {
            read?.push(...drained(reader))
            expect(writer.write(record.kind, record.lane, record.at, record.payload)).to.equal(true)
          }
          written?.push(record)
        }
        read?.push(...drained(reader))
        expect(read).to.deep.equal(written)
      }),
      { numRuns: 30 },
    )
  })

  it('does not take what there is no room for while nobody reads', () => {
    const { writer, reader } = ends()
    const payload = filled(writer.longest, 1)
    expect(writer.write(1, 0, 0, payload)).to.equal(true)
    expect(writer.write(1, 0, 0, payload)).to.equal(false)
    expect(drained(reader)).to.have.length(1)
    expect(writer.write(1, 0, 0, payload)).to.equal(true)
  })

  it('has its reader woken once after it went to sleep', () => {
    const { writer, reader } = ends()
    expect(writer.wakes(), 'awake').to.equal(false)
    expect(reader.sleeps()).to.equal(true)
    writer.write(1, 0, 0, filled(1, 1))
    expect([writer.wakes(), writer.wakes()]).to.deep.equal([true, false])
  })

  it('lets no reader sleep that has something to read', () => {
    const { writer, reader } = ends()
    writer.write(1, 0, 0, filled(1, 1))
    expect(reader.sleeps()).to.equal(false)
    expect(writer.wakes()).to.equal(false)
  })
})
