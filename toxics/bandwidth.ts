import { defineToxic } from '../lib/toxic.ts'

/** A connection's data is cut no finer than what passes in this time; finer where all wait for one bucket. */
const PIECE_MS = { connection: 20, proxy: 5 }
/** What a stall of ours has kept back may be caught up, but not as a burst. */
const CATCH_UP_MS = 80

const newBucket = () => ({ emptyAt: 0 })

/** What is asked for of a chunk: so many of the bytes that are left, at a rate; some of them it has earned before. */
const newPiece = () => ({ left: 0, size: 0, rate: 0, begins: 0, earned: 0 })

/** What its rate gave it until the rate was changed is its own; what comes then is asked for anew. */
function settle(piece: ReturnType<typeof newPiece>, now: number): void {
  piece.earned = Math.min(piece.size, piece.earned + piece.rate * Math.max(now - piece.begins, 0))
  piece.rate = 0
}

export default defineToxic({
  type: 'bandwidth',
  about: 'Limits the bytes per second of each connection and direction.',
  attributes: {
    rate: { unit: 'KB/s', min: 1, about: '1 KB is 1000 bytes' },
    scope: {
      choices: ['connection', 'proxy'],
      default: 'connection',
      ours: true,
      about: 'whose rate it is: each connection has its own, or all of the proxy share one',
    },
  },
  open(lane) {
    const own = newBucket()
    const bucket = () => (lane.attributes.scope === 'proxy' ? lane.shared(newBucket) : own)
    let asked = newPiece()
    let used = own
    return {
      data(chunk) {
        const piece = newPiece()
        lane.pace(chunk, (left) => {
          // KB/s are bytes per millisecond.
          const { rate, scope } = lane.attributes
          // As many are left as at the last time: the piece has not left, and is asked for again.
          const earned = piece.left === left ? piece.earned : 0
          const size = Math.min(left, Math.max(rate * PIECE_MS[scope], Math.floor(earned)))
          used = bucket()
          const begins = Math.max(used.emptyAt, chunk.at, lane.now() - CATCH_UP_MS)
          used.emptyAt = begins + (size - earned) / rate
          asked = Object.assign(piece, { left, size, rate, begins, earned })
          return { size, due: used.emptyAt }
        })
      },
      updated() {
        const now = lane.now()
        settle(asked, now)
        const current = bucket()
        // Nothing is owed any more; time for which no piece has been asked yet still counts.
        current.emptyAt = current === used ? Math.min(current.emptyAt, now) : now
      },
    }
  },
})
