import { defineToxic } from '../lib/toxic.ts'

/** Chunks are cut no finer than what passes in this time. */
const PIECE_MS = 20

export default defineToxic({
  type: 'bandwidth',
  about: 'Limits the bytes per second of each connection and direction.',
  attributes: {
    rate: { unit: 'KB/s', min: 1, about: '1 KB is 1000 bytes' },
  },
  open: (lane) => ({
    data({ bytes, at }) {
      // KB/s are bytes per millisecond.
      const { rate } = lane.attributes
      let due = Math.max(lane.emptyAt, at)
      for (let from = 0; from < bytes.length; from += rate * PIECE_MS) {
        const piece = bytes.subarray(from, from + rate * PIECE_MS)
        due += piece.length / rate
        lane.send({ bytes: piece, at }, due)
      }
    },
  }),
})
